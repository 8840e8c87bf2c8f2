import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import Forbidden, GitHubUnavailable, NotFound
from indexer.sources.issue_forms import fetch_form_lines, lines_of
from indexer.text import clean
from tests.fakes_github import FakeClock, clients_for
from tests.github_simulator import Seed, Simulator

REPO = "octo/widgets"
FORM = """
name: Bug report
description: Something is wrong
body:
  - type: markdown
    attributes: {value: Thanks for taking the time.}
  - type: textarea
    attributes:
      label: What went awry?
      description: Tell us more
      value: |
        1. Open the lid
        2. Look inside
  - type: dropdown
    attributes: {label: Which hull, options: [oak, steel]}
  - type: checkboxes
    attributes:
      label: Before you send
      options:
        - label: I looked through the existing issues
          required: true
        - label: I am willing to help
"""
FILLED = """### What went awry?

1. Open the lid
2. Look inside
The lid fell off.

### Which hull

steel

### Before you send

- [X] I looked through the existing issues
- [ ] I am willing to help
"""
PAGE = """---
name: Question
about: Ask away
---

<!-- Please be kind -->
**Your question, in full**

## Version of the hull
"""


def test_of_a_filled_form_only_what_its_author_wrote_is_left():
    assert clean(FILLED, lines_of("bug.yml", FORM)) == "The lid fell off.\nsteel"


def test_what_only_the_author_sees_is_no_template_line():
    lines = lines_of("bug.yml", FORM)
    assert not any("thanks" in line or "tell us" in line or "oak" in line for line in lines)


def test_a_page_s_lines_but_not_its_front_matter():
    lines = lines_of("question.md", PAGE)
    assert lines == {
        "<!-- please be kind -->",
        "**your question, in full**",
        "## version of the hull",
    }
    assert lines_of("q.md", "---\nnever closed") == {"never closed"}


@pytest.mark.parametrize(
    "text",
    [
        "body: [", "- a\n- b", "body: 7", "body: [7, {}]", "body:\n  - attributes: 3", "a: *b", "",
        "body: [{type: checkboxes, attributes: {options: 3, label: [x]}}]",
        "&a [*a]", "2024-99-99", "[" * 5000,
    ],
)  # fmt: skip
def test_a_form_that_makes_no_sense_has_no_lines(text):
    assert lines_of("bug.yml", text) == frozenset()


@given(st.text(max_size=200), st.sampled_from(["a.yml", "a.md"]))
def test_any_file_is_survived(text, name):
    assert all(line == line.strip() for line in lines_of(name, text))


@pytest.fixture
async def start():
    opened = []

    async def run(docs):
        seed = {"repositories": [{"full_name": REPO, "docs": docs}]}
        simulator = Simulator(Seed.model_validate(seed)).start()
        clients = clients_for(simulator)
        opened.append((simulator, clients))
        return await clients.for_repo(REPO)

    yield run
    for simulator, clients in opened:
        await clients.aclose()
        simulator.stop()


async def test_every_template_of_the_folder_is_read(start):
    folder = ".github/ISSUE_TEMPLATE"
    docs = {f"{folder}/bug.yml": FORM, f"{folder}/ask.md": PAGE, f"{folder}/logo.svg": "<svg/>"}
    client = await start({**docs, "ISSUE_TEMPLATE.md": "Not this one"})
    lines = await fetch_form_lines(client, REPO)
    assert lines == lines_of("bug.yml", FORM) | lines_of("ask.md", PAGE)


async def test_a_single_template_is_read_where_there_is_no_folder(start):
    client = await start({"ISSUE_TEMPLATE.md": "## What you did\n"})
    assert await fetch_form_lines(client, REPO) == {"## what you did"}


async def test_a_repository_without_templates_has_no_lines(start):
    assert await fetch_form_lines(await start({"README.md": "Hello"}), REPO) == frozenset()


async def test_a_limit_that_is_used_up_is_waited_out():
    clock = FakeClock()
    seed = {"repositories": [{"full_name": REPO, "docs": {"ISSUE_TEMPLATE.md": "## What you did"}}]}
    with Simulator(Seed.model_validate(seed), clock=clock.moment) as simulator:
        clients = clients_for(simulator, clock)
        client = await clients.for_repo(REPO)
        simulator.limits.sizes["core"] = 40
        simulator.limits.spend("installation:1001", "core", 40)
        assert await fetch_form_lines(client, REPO) == {"## what you did"}
        assert 3_500 < sum(clock.waits) <= 3_700
        await clients.aclose()


class Answers:
    """A client that gives each path its answer, or raises it."""

    def __init__(self, **answers):
        self.answers = answers

    async def get(self, path, _params=None, **_pace):
        answer = self.answers.get(path.rpartition("/")[2].partition(".")[0], NotFound("no"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def listed(*names):
    return [{"path": f".github/ISSUE_TEMPLATE/{name}", "type": "file"} for name in names]


async def test_files_that_are_not_for_us_are_no_failure_and_a_silent_github_is():
    assert await fetch_form_lines(Answers(ISSUE_TEMPLATE=Forbidden("no")), REPO) == frozenset()
    with pytest.raises(GitHubUnavailable):
        await fetch_form_lines(Answers(ISSUE_TEMPLATE=GitHubUnavailable("later")), REPO)


async def test_odd_files_are_left_out():
    good = base64.b64encode(b"## Good line").decode()
    client = Answers(
        ISSUE_TEMPLATE=listed("big.md", "link.md", "odd.md", "gone.md", "good.md"),
        big={"type": "file", "size": 10**9, "content": good},
        link={"type": "symlink", "content": good},
        odd={"type": "file", "content": "%%%"},
        good={"type": "file", "size": 12, "content": good},
    )
    assert await fetch_form_lines(client, REPO) == {"## good line"}
