"""What a good config says: patterns, sources, and the schema that editors read."""

import time

import pytest

from indexer.repo_config import Ignore, RepoConfig, Sources, schema


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


def test_the_schema_knows_every_key_and_says_what_it_does():
    made = schema()
    parts = made["$defs"]
    assert made["additionalProperties"] is False
    assert set(made["properties"]) == set(RepoConfig.model_fields)
    for part in parts.values():
        assert part["additionalProperties"] is False
        assert all(field.get("description") for field in part["properties"].values())
