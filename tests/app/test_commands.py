"""What counts as a command in a comment, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands import Command, command_of


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/intern again", Command("again")),
        ("Thanks!\r\n\r\n/intern hide\r\n", Command("hide")),
        ("/intern   OFF.", Command("off")),
        ("/intern not-duplicate #12", Command("not_duplicate", 12)),
        ("/intern not-duplicate of 12", Command("not_duplicate", 12)),
        ("/intern not-duplicate Owner/Repo.js#12", Command("not_duplicate", 12, "owner/repo.js")),
        (
            "/intern not-duplicate https://github.example/owner/repo/issues/12#issuecomment-3",
            Command("not_duplicate", 12, "owner/repo"),
        ),
        (
            "/intern not-duplicate <https://redirect.github.com/owner/repo/issues/12>.",
            Command("not_duplicate", 12, "owner/repo"),
        ),
        ("/intern not-duplicate https://github.example/owner/repo/pull/12", Command("unknown")),
        ("/intern not-duplicate owner#12", Command("unknown")),
        ("/intern not-duplicate #0", Command("unknown")),
        ("/intern not-duplicate", Command("unknown")),
        (f"/intern not-duplicate #{10**12}", Command("unknown")),
        ("/intern close this", Command("unknown")),
        ("/intern", Command("unknown")),
        ("/intern again\n/intern off", Command("again")),
        ("please\n/no-ai", Command("off")),
        ("/internal error", None),
        ("say `/intern again` to run it again", None),
        ("> /intern again", None),
        ("    /intern again", None),
        ("```\n/intern off\n```", None),
        ("~~~\n/intern off", None),
        ("~~~\n```\n/intern off\n~~~", None),
        ("\t/intern off", None),
        ("<!-- /intern off -->", None),
        ("<!--\n/intern off\n/no-ai\n-->\nIt crashes.", None),
        ("<!-- a comment -->\n/intern off", Command("off")),
        ("```\n/no-ai\n```", None),
        ("/no-ai, thank you", Command("off")),
        ("/no-ai-tools are bad", None),
        ("", None),
    ],
)
def test_commands(text, command):
    assert command_of(text) == command


@given(st.text(max_size=300) | st.text(alphabet="/intern `~>\n#1", max_size=300))
def test_no_text_crashes(text):
    found = command_of(text)
    assert found is None or found.wanted


def test_authors_may_only_quiet_us():
    texts = {"again": False, "not-duplicate #1": False, "hide": True, "off": True, "x": False}
    for said, may in texts.items():
        command = command_of(f"/intern {said}")
        assert command is not None
        assert command.is_for_authors is may
