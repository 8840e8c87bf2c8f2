import pytest

from app.versions import parse, reported

NAMES = ("harbor",)


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ("harbor 2.3.0", "2.3.0"),
        ("Version: v2.3.0", "v2.3.0"),
        ("### Version\n\n2.3.0", "2.3.0"),
        ("버전: 2.3.0", "2.3.0"),
        ("harbor version 2.3.0, worked in harbor 2.2.0", "2.3.0"),
        ("Python version 3.11.4", None),
        ("OS: Ubuntu 22.04\nNode: v18.2.0\nharbor: 2.3.0", "2.3.0"),
        ("### Python version\n\n3.11.4", None),
        ("I have 2.3 GB of RAM", None),
        ("harbor 2.4.0-rc.1", "2.4.0-rc.1"),
        ("released 2024.01.12", None),
        ("", None),
    ],
)
def test_the_version_that_a_reporter_names(body, version):
    found = reported("Uploads stop", body, NAMES)
    assert (found.text if found else None) == version


@pytest.mark.parametrize(
    ("mine", "fix", "has_it"),
    [
        ("2.4.1", "v2.4.1", True),
        ("2.5", "v2.4.1", True),
        ("2.4", "v2.4.1", False),
        ("2.10.0", "2.9.3", True),
        ("2.4.1-rc.1", "v2.4.1", False),
        ("2.4.1", "2.4.1-rc.1", True),
    ],
)
def test_whether_a_version_has_a_fix(mine, fix, has_it):
    assert parse(mine).at_least(parse(fix)) is has_it


@pytest.mark.parametrize(
    ("tag", "numbers"),
    [("v2.4.1", (2, 4, 1)), ("core@2.4.1", (2, 4, 1)), ("nightly", None), ("1.2-to-1.3", None)],
)
def test_a_tag(tag, numbers):
    found = parse(tag)
    assert (found.numbers if found else None) == numbers
