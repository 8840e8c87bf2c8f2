import pytest

from app.series import siblings


@pytest.mark.parametrize(
    ("title", "others", "places"),
    [
        ("API docs: num", ["API docs: io", "API docs: fs", "API docs: char", "Docs of num"],
         {0, 1, 2}),
        ("Add a test for uploads", ["Add a test for syncs", "Add a test for locks",
                                    "Add a test for proxies"], {0, 1, 2}),
        ("문서: 업로드", ["문서: 동기화", "문서: 잠금", "문서: 프록시 설정"], {0, 1, 2}),
        ("Add support to gdb", ["Add support to lldb"], set()),
        ("index 3 out of range 3", ["index 4 out of range 4", "index 7 out of range 3",
                                    "index 9 out of range 3"], set()),
        ("Upload stops", ["Upload stops"] * 4, set()),
        ("Crash", ["Hang", "Leak", "Panic"], set()),
        ("Crash in the uploader when the disk is full", ["Crash a", "Crash b", "Crash c"], set()),
        ("", ["", "x", "y"], set()),
    ],
)  # fmt: skip
def test_titles_that_differ_in_one_part_are_a_series(title, others, places):
    assert siblings(title, others) == places
