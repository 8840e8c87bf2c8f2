import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import NotFound
from indexer.repo_config import DEFAULT_DOCS, any_matches
from indexer.sources import docs, markup
from indexer.sources.doc_choice import document_text, marked
from indexer.sources.docs import fetch_releases, list_docs, read_docs, split_markdown
from indexer.sources.markup import LONGEST_SECTION, split
from tests.fakes_github import clients_for
from tests.github_simulator import Seed, Simulator
from tests.github_simulator.world import commit

REPO = "octo/widgets"
WHEN = datetime(2024, 5, 1, tzinfo=UTC)
WORDS = "Words enough to make a section of its own."


@pytest.fixture
async def start():
    opened = []

    async def run(**fields):
        entry = {"full_name": REPO, "docs_updated_at": WHEN, **fields}
        simulator = Simulator(Seed.model_validate({"repositories": [entry]})).start()
        clients = clients_for(simulator)
        opened.append((simulator, clients))
        return simulator, await clients.for_repo(REPO)

    yield run
    for simulator, clients in opened:
        await clients.aclose()
        simulator.stop()


async def documents(client, **options):
    listing = await list_docs(client, REPO, **options)
    return [document async for batch in read_docs(client, REPO, listing) for document in batch]


async def sections_of(client, patterns=DEFAULT_DOCS):
    return [s for document in await documents(client, patterns=patterns) for s in document.sections]


def headings(path, text):
    return [" / ".join(section.headings) for section in split(path, text)]


# splitting


def test_sections_carry_the_path_of_headings():
    text = f"# Guide\n{WORDS}\n## Install\n{WORDS}\n### Linux\n{WORDS}\n## Use\n{WORDS}\n"
    assert headings("a.md", text) == [
        "Guide",
        "Guide / Install",
        "Guide / Install / Linux",
        "Guide / Use",
    ]


def test_a_section_is_linked_to_its_own_lines():
    text = f"# Guide\n\n{WORDS}\n\n## Install\n\n{WORDS}\n{WORDS}\n"
    sections = split_markdown("a.md", text, page="https://x.test/blob/abc/a.md", updated_at=WHEN)
    assert [s.url.rpartition("/")[2] for s in sections] == [
        "a.md?plain=1#L3-L3",
        "a.md?plain=1#L7-L8",
    ]


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_a_heading_in_a_code_block_is_none(fence):
    text = f"# Guide\n{fence}sh\n# not one\n```x\n\nmake all of it now\n{fence}\n{WORDS}\n"
    (section,) = split("a.md", text)
    assert section.headings == ("Guide",)
    assert "# not one" in section.text


def test_long_sections_are_cut_at_blank_lines_and_never_inside_code():
    code = "```\n" + "line of code\n\n" * 300 + "```"
    text = f"# Guide\n{WORDS}\n\n{code}\n\n" + f"{WORDS}\n\n" * 200
    sections = split("a.md", text)
    assert len(sections) > 2
    assert sum("```" in section.text for section in sections) == 1
    assert sum(section.text.count("line of code") for section in sections) == 300
    assert all(len(s.text) <= LONGEST_SECTION for s in sections if "```" not in s.text)
    assert sum(section.text.count(WORDS) for section in sections) == 201


def test_the_lines_of_code_are_counted_once_however_many_headings_there_are(monkeypatch):
    counted = []
    original = markup._lines_of
    monkeypatch.setattr(markup, "_lines_of", lambda b: counted.append(len(b)) or original(b))
    text = f"# Part\n{WORDS}\n```\nmake\n```\n" * 20
    assert len(split("a.md", text)) == 20
    assert counted == [20, 20]  # for finding the headings, and for cutting the text


def test_front_matter_gives_the_title_and_no_text():
    text = f"---\ntitle: 'Big Guide'\nsidebar: 3\n---\n{WORDS}\n# Big Guide\n{WORDS} Two.\n"
    assert headings("a.md", text) == ["Big Guide", "Big Guide"]
    assert "sidebar" not in "".join(s.text for s in split("a.md", text))


def test_html_comments_go_but_stay_in_code():
    text = f"<!-- secret\n# no heading\n```\n-->\n# Yes\n{WORDS}\n```\n<!-- kept -->\n```\n"
    (section,) = split("a.md", text)
    assert section.headings == ("Yes",)
    assert "secret" not in section.text
    assert "<!-- kept -->" in section.text


def test_headings_underlined():
    text = f"Guide\n=====\n{WORDS}\n\nPart\n----\n{WORDS}\n\n---\n\n{WORDS}\n"
    assert headings("a.md", text) == ["Guide", "Guide / Part"]


def test_headings_lose_their_markup():
    assert headings("a.md", f"## **Use** `x` with [it](http://y) {{#use}} ##\n{WORDS}") == [
        "Use x with it"
    ]


def test_restructured_text():
    text = (
        f"=====\nGuide\n=====\n{WORDS}\n\nPart\n----\nRun::\n\n    # code\n\n    more\n\n{WORDS}\n"
        f"\nDeep\n~~~~\n{WORDS}\n\nNext\n----\n{WORDS}\n"
    )
    assert headings("a.rst", text) == [
        "Guide",
        "Guide / Part",
        "Guide / Part / Deep",
        "Guide / Next",
    ]


def test_asciidoc():
    text = f"= Guide\n{WORDS}\n\n== Part\n----\n== code\n----\n{WORDS}\n"
    assert headings("a.adoc", text) == ["Guide", "Guide / Part"]


@given(st.text(alphabet=st.sampled_from("# \n`~-=<!>:[]()a.\t\r\x0b'\"+"), max_size=400))
@pytest.mark.parametrize("path", ["a.md", "a.rst", "a.adoc"])
def test_no_text_breaks_the_splitter_and_lines_are_true(path, text):
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    last = 0
    for section in split(path, text):
        assert last < section.begin <= section.end <= len(lines)
        assert len(section.text.split("\n")) <= section.end - section.begin + 1
        last = section.end


# choosing


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("README", True),
        ("readme.MD", True),
        ("docs/deep/er/page.txt", True),
        ("src/notes.md", True),
        ("src/README", True),
        ("src/main.rs", False),
        ("mydocs/page.txt", False),
        ("a.mdz", False),
    ],
)
def test_default_patterns(path, fits):
    assert any_matches(DEFAULT_DOCS, path) is fits


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("/*.md", "a.md", True),
        ("/*.md", "sub/a.md", False),
        ("wiki/*.md", "wiki/a.md", True),
        ("wiki/*.md", "wiki/sub/a.md", False),
        ("wiki/**/*.md", "wiki/a.md", True),
        ("wiki/**/*.md", "wiki/sub/deep/a.md", True),
        ("a[1].md", "a[1].md", True),
        ("??.md", "ab.md", True),
    ],
)
def test_the_globs_of_gitattributes(glob, path, fits):
    assert marked(path, [glob]) is fits


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\x00", "binary"),
        ("déjà".encode("latin-1"), "not UTF-8"),
        (b"<!-- Code generated by tool. DO NOT EDIT. -->\n# x", "generated"),
        (b"This file is automatically generated.\n", "generated"),
    ],
)
def test_files_without_text_of_their_own(data, reason):
    assert document_text(data).reason == reason


def test_a_byte_order_mark_is_no_text():
    assert document_text(b"\xef\xbb\xbf# Guide") == "# Guide"


# reading


async def test_documents_are_read_at_the_commit_and_linked_to_it(start):
    sim, client = await start(
        docs={"README.md": f"# W\n{WORDS}", "docs/한 글.md": f"# 설치\n{WORDS}", "src/x.rs": WORDS}
    )
    sha = sim.world.repositories[REPO].head.sha
    sections = await sections_of(client)
    assert [(s.path, s.headings) for s in sections] == [
        ("README.md", ("W",)),
        ("docs/한 글.md", ("설치",)),
    ]
    assert sections[0].url == f"{sim.url}/{REPO}/blob/{sha}/README.md?plain=1#L2-L2"
    assert sections[1].url.startswith(f"{sim.url}/{REPO}/blob/{sha}/docs/%ED%95%9C%20")
    assert sections[0].updated_at == WHEN


async def test_what_is_left_out_is_logged_with_its_reason(start, caplog):
    sim, client = await start(docs={"a.md": WORDS})
    repo = sim.world.repositories[REPO]
    files = {
        "README.md": WORDS.encode(),
        "big.md": b"x" * 1_000_001,
        "binary.md": b"\x00\x01",
        "docs/logo.svg": b"<svg/>",
        "empty.md": b"",
        "link.md": b"../outside",
        "gen/api.md": WORDS.encode(),
        "node_modules/x/README.md": WORDS.encode(),
        ".github/ISSUE_TEMPLATE/bug.md": WORDS.encode(),
        "LICENSE.md": WORDS.encode(),
        ".gitattributes": b"# marks\ngen/** linguist-generated\n*.png binary\n",
    }
    commit(repo, files, "All sorts", WHEN, frozenset({"link.md"}))
    with caplog.at_level(logging.INFO, "indexer.sources.docs"):
        sections = await sections_of(client)
    assert [section.path for section in sections] == ["README.md"]
    for path, reason in {
        "big.md": "larger",
        "binary.md": "binary",
        "docs/logo.svg": "no document",
        "empty.md": "empty",
        "link.md": "symlink",
        "gen/api.md": "generated",
        "node_modules/x/README.md": "vendored",
        ".github/ISSUE_TEMPLATE/bug.md": "boilerplate",
        "LICENSE.md": "boilerplate",
    }.items():
        assert any(path in line and reason in line for line in caplog.messages), path


async def test_own_globs_may_name_other_files(start):
    _, client = await start(docs={"a.md": WORDS, "help/page.html": f"<p>{WORDS}</p>"})
    assert [s.path for s in await sections_of(client, ["help/*.html"])] == ["help/page.html"]


async def test_a_tree_that_is_cut_short_is_read_folder_by_folder(start):
    names = [f"docs/part{n % 3}/page{n}.md" for n in range(9)]
    sim, client = await start(docs=dict.fromkeys(["README.md", *names], WORDS))
    sim.tree_limit = 2
    assert {s.path for s in await sections_of(client)} == {"README.md", *names}


async def test_an_empty_repository_has_no_documents(start):
    _, client = await start()
    assert await sections_of(client) == []
    assert await fetch_releases(client, REPO) == []


async def test_a_missing_repository_is_not_found(start):
    _, client = await start()
    with pytest.raises(NotFound):
        await list_docs(client, "octo/none")


async def test_releases_come_over_all_pages_newest_first(start):
    releases = [
        {"tag": f"v1.{n}", "body": f"Fix {n}", "published_at": WHEN.replace(year=1900 + n)}
        for n in range(120)
    ]
    sim, client = await start(releases=releases)
    found = await fetch_releases(client, REPO)
    assert [release.tag for release in found] == [f"v1.{n}" for n in reversed(range(120))]
    assert found[0].body == "Fix 119"
    assert found[0].url == f"{sim.url}/{REPO}/releases/tag/v1.119"


async def test_documents_come_through_a_bad_moment_of_github(start):
    sim, client = await start(docs={"a.md": WORDS, "b.md": WORDS + "!"})
    sim.trouble.add("GET */git/blobs/*", status=502, times=2)
    assert [s.path for s in await sections_of(client)] == ["a.md", "b.md"]


async def test_known_files_are_not_read_again(start):
    simulator, client = await start(docs={"a.md": WORDS, "b.md": WORDS + " Two."})
    known = {section.path: section.blob for section in await sections_of(client)}
    simulator.set_files(REPO, {"b.md": WORDS + " Three.", "c.md": WORDS})
    simulator.requests.clear()
    listing = await list_docs(client, REPO, known=known)
    assert (listing.unchanged, listing.paths) == ({"a.md"}, {"a.md", "b.md", "c.md"})
    assert [d.file.path for d in await documents(client, known=known)] == ["b.md", "c.md"]
    assert sum("/git/blobs/" in request for request in simulator.requests) == 2


async def test_files_are_read_a_few_at_a_time(start, monkeypatch):
    monkeypatch.setattr(docs, "BATCH", 3)
    simulator, client = await start(docs={f"{n}.md": f"{WORDS} {n}" for n in range(7)})
    listing = await list_docs(client, REPO)
    sizes, blobs = [], []
    async for batch in read_docs(client, REPO, listing):
        sizes.append(len(batch))
        blobs.append(sum("/git/blobs/" in request for request in simulator.requests))
    assert (sizes, blobs) == ([3, 3, 1], [3, 6, 7])


async def test_a_file_that_is_gone_meanwhile_is_no_document_of_this_reading(start):
    simulator, client = await start(docs={"a.md": WORDS, "b.md": WORDS + " Two."})
    simulator.trouble.add("GET */git/blobs/*", status=404, times=1)
    assert len(await documents(client)) == 1


async def test_a_file_without_text_says_so(start):
    _, client = await start(docs={"a.md": "# Only\n\n## Headings\n"})
    (only,) = await documents(client)
    assert (only.sections, only.refusal.reason) == ([], "without text")
