"""The demo's page: GitHub's look, nobody's HTML, links that stay on the page."""

import pytest
from fastapi.testclient import TestClient

from tests.demo.content import REPO, our_issues, our_seed
from tests.demo.markdown import allowed_html, to_html
from tests.demo.page import Board, create_page, free_socket
from tests.demo.views import Views, avatar
from tests.github_simulator import Simulator

OLD = f"/{REPO}/issues/198"


def html_of(text: str) -> str:
    return to_html(
        text, rewrite=lambda url: url, repo=REPO, title_of=lambda n: "T" if n == 7 else ""
    )


def test_only_harmless_tags_come_through():
    html = html_of(
        "<details><summary>more</summary>\n\n<sub>small</sub> <script>alert(1)</script>"
        '<sub onclick="x()">a</sub>\n\n</details>\n\n<!-- gone -->\n<img src=x onerror=y>'
    )
    assert "<details><summary>more</summary>" in html
    assert "<sub>small</sub>" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "<sub onclick" not in html
    assert "gone" not in html


@pytest.mark.parametrize("text", ["<!-- a", "<details open>", "<b>", "<SUB>x</SUB>", "a<b>c & d"])
def test_raw_html_is_escaped_or_known(text: str):
    left = allowed_html(text)
    for tag in ("<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"):
        left = left.replace(tag, "")
    assert "<" not in left


def test_images_and_script_links_do_nothing():
    html = html_of("![pixel](https://x.example/p.png) [go](javascript:alert(1))")
    assert "https://x.example" not in html
    assert 'href="javascript' not in html


def test_references_become_links_where_the_issue_exists():
    html = html_of("#7 and #8, `#7`, [#7](https://a.example)")
    assert html.count(f'href="/{REPO}/issues/7"') == 1
    assert "issues/8" not in html


def test_code_is_coloured_and_escaped():
    html = html_of('```yaml\na: "<b>"\n```\n\n```nosuchlanguage\n<i>\n```')
    assert '<span class="nt">a</span>' in html
    assert "<b>" not in html
    assert "<i>" not in html


@pytest.fixture(scope="module")
def page():
    simulator = Simulator(our_seed())  # not started: the page reads the world itself
    board = Board()
    client = TestClient(create_page(Views(simulator, REPO), board), follow_redirects=True)
    assert "Reading the history" in client.get("/").text
    for issue in our_issues():
        number = simulator.open_issue(REPO, issue.title, issue.body, issue.author)["number"]
        board.note(number, "answered", "good")
    simulator.comment(
        REPO, 319, f"see [it]({simulator.url}{OLD})", "oncall-intern[bot]", app_id=simulator.app_id
    )
    yield client
    simulator.deliverer.close()
    simulator._socket.close()


def test_a_new_issue_shows_the_comment_and_the_list(page: TestClient):
    text = page.get("/").text
    assert text.count("· answered") == 10
    assert 'aria-current="page"' in text
    assert f'href="{OLD}"' in text
    assert ">bot<" in text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (OLD, "closed this as completed in #200"),
        (f"/{REPO}/issues/45", "marked this as a duplicate of #24"),
        (f"/{REPO}/issues/200", "merged by"),
        (f"/{REPO}/issues", "Dark mode"),
        (f"/{REPO}/releases/tag/v1.3.0", "Zip64"),
        (f"/{REPO}/blob/main/docs/ko/reverse-proxy.md", "리버스 프록시"),
    ],
)
def test_what_comments_link_to_is_there(page: TestClient, address: str, words: str):
    answer = page.get(address)
    assert answer.status_code == 200
    assert words in " ".join(answer.text.split())


@pytest.mark.parametrize(
    "address", ["/nothing", f"/{REPO}/issues/99999", f"/{REPO}/releases/tag/v9"]
)
def test_the_rest_is_not_found(page: TestClient, address: str):
    answer = page.get(address)
    assert answer.status_code == 404
    assert "not part of the simulated GitHub" in answer.text


def test_the_page_asks_nothing_of_others(page: TestClient):
    answer = page.get(OLD)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for marker in ('src="http', 'href="//', "@import", "url(http"):
        assert marker not in answer.text
        assert marker not in page.get("/static/style.css").text


def test_the_injection_is_shown_as_text(page: TestClient):
    text = page.get(f"/{REPO}/issues/328").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "pixel.png" not in text


def test_avatars_are_stable_and_the_bot_has_its_own():
    assert avatar("ana") == avatar("ana")
    assert avatar("ana") != avatar("bob")
    assert "#5319e7" in avatar("oncall-intern[bot]")


def test_a_taken_port_gives_the_next():
    with free_socket(0) as first:
        port = first.getsockname()[1]
        with free_socket(port) as second:
            assert port < second.getsockname()[1] < port + 50
