"""What a good config says: patterns, sources, and the schema that editors read."""

import time

import pytest

from indexer.repo_config import DEFAULT_DOCS, Ignore, RepoConfig, Sources, any_matches, schema


@pytest.mark.parametrize(
    ("pattern", "title", "ignored"),
    [
        ("Release *", "Release 2.0", True),
        ("Release *", "release notes are wrong", True),
        ("Release *", "A release", False),
        ("Release *", "", False),
        ("[Tracking]*", "[Tracking] widgets", True),
        ("[Tracking]*", "Training fails", False),
        ("what?", "what?", True),
        ("what?", "whats", False),
        ("*", "", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("*a*b*", "xxbxxa", False),
        ("*a*b*", "xxaxxb", True),
        ("a*b*b", "ab", False),
    ],
)
def test_in_a_pattern_only_a_star_means_something(pattern, title, ignored):
    assert Ignore(titles=(pattern,)).has_title(title) == ignored


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("docs/*", "docs/de/start.md", True),
        ("docs/**", "docs/de/start.md", True),
        ("website/**/*.txt", "website/a.txt", True),
        ("website/**/*.txt", "website/de/deep/a.TXT", True),
        ("website/**/*.txt", "my/website/a.txt", False),
        ("**/README", "README", True),
        ("**/README", "a/b/README", True),
        ("**/README", "a/NOTREADME", False),
        ("a/**/b/**/c", "a/b/c", True),
        ("a/**/b/**/c", "a/x/b/y/z/c", True),
        ("a/**/b/**/c", "a/xb/b/c", True),
        ("a/**/b/**/c", "a/xb/c", False),
        ("a**/b", "ax/y/b", True),
    ],
)
def test_two_stars_and_a_slash_are_any_folders_or_none(pattern, path, fits):
    assert any_matches([pattern], path) is fits


def test_no_pattern_can_hang():
    ignore = Ignore(titles=("*a" * 100,) * 100)
    begin = time.perf_counter()
    assert not ignore.has_title("a" * 99 + "b" * 157)
    assert time.perf_counter() - begin < 1


def test_documents_that_may_be_quoted():
    assert Sources().has_doc("src/notes.md")
    some = Sources(docs=("README.md", "docs/*"))
    assert some.has_doc("docs/de/start.md")
    assert not some.has_doc("src/README.md")
    assert not Sources(docs=()).has_doc("README.md")
    assert some.doc_patterns == ("README.md", "docs/*")
    assert Sources(docs=()).doc_patterns == ()
    assert Sources().doc_patterns == DEFAULT_DOCS


def test_the_schema_knows_every_key_and_says_what_it_does():
    made = schema()
    parts = made["$defs"]
    assert made["additionalProperties"] is False
    assert set(made["properties"]) == set(RepoConfig.model_fields)
    for part in parts.values():
        assert part["additionalProperties"] is False
        assert all(field.get("description") for field in part["properties"].values())
