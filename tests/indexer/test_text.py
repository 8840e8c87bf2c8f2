import time

import pytest

from indexer.signatures import is_frame
from indexer.text import clean, error_signatures, lexical, template_key

FORM = """### Steps to reproduce

<!-- Please tell us
how to get there -->
- [x] I have searched the tracker
- [ ] I use the newest version
1. Run `kit pack --all`
2. See [the log](https://example.org/log/1) and https://example.org/very/long

### Expected behavior
_No response_

**Actual behavior:**
It stops with Map<Key> at 40 %.
cc @somebody @else
"""


def test_an_issue_form_is_reduced_to_what_its_author_wrote():
    assert clean(FORM).splitlines() == [
        "Run kit pack --all",
        "See the log and",
        "It stops with Map<Key> at 40 %.",
    ]


def test_code_stays_and_its_fences_go():
    body = "Before\n```rust\nfn main() {\n    <!-- no comment here -->\n}\n```\nAfter"
    assert clean(body) == "Before\nfn main() {\n<!-- no comment here -->\nAfter"


def test_a_long_folded_log_goes_and_a_short_one_stays():
    log = "\n".join(f"frame {n}" for n in range(40))
    body = f"Crash\n<details><summary>Log</summary>\n\n{log}\n</details>\nDone"
    assert clean(body) == "Crash\nDone"
    short = "Crash\n<details><summary>Config</summary>\nmode = fast\n</details>"
    assert clean(short) == "Crash\nConfig\nmode = fast"


def test_what_only_has_checkboxes_or_a_log_keeps_them():
    assert clean("- [ ] first\n- [x] second") == "- [ ] first\n- [x] second"
    log = "\n".join(f"frame {n}" for n in range(40))
    assert "frame 39" in clean(f"<details>\n{log}\n</details>")


def test_quoted_mail_goes():
    body = (
        "Same here.\n\nOn Mon, 1 Jan 2024, Ann <a@b.org> wrote:\n> It crashes\n> for me\n\nThanks"
    )
    assert clean(body) == "Same here.\nThanks"
    assert clean("Yes.\n-----Original Message-----\nFrom: x\nold words") == "Yes."


def test_a_reply_loses_what_it_quotes_and_an_issue_does_not():
    body = "> error: no space left\n\nI see this too"
    assert clean(body, reply=True) == "I see this too"
    assert clean(body) == "error: no space left\nI see this too"


def test_template_lines_go_whatever_their_case_and_spaces():
    templates = frozenset({template_key("Please  describe the PROBLEM")})
    assert clean("please describe   the problem\nIt is slow", templates) == "It is slow"


def test_a_comment_that_never_ends_hides_nothing():
    assert clean("start <!-- open\nthe report") == "start open\nthe report"


def test_headings_in_other_languages_are_forms_too():
    assert (
        clean("### 재현 방법\n버튼을 누른다\n### 期望行为\n应该关闭") == "버튼을 누른다\n应该关闭"
    )


def test_invisible_characters_go():
    assert clean("pa\u200bss\u202eword \x1b[31mred\x1b[0m \x00x") == "password red x"


def test_blobs_of_base64_go_and_long_korean_stays():
    assert clean("key " + "QUJD" * 60 + " end") == "key end"
    korean = "가나다라" * 60
    assert clean(korean) == korean


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("readFile", {"readFile", "read", "File"}),
        ("read_file", {"read_file", "readfile"}),
        ("parseHTTPBody", {"parse", "HTTP", "Body"}),
        ("v1.20.3", {"v1.20.3", "v1v20v3"}),
        ("1.20.3", {"1.20.3", "v1v20v3"}),
        ("E0308", {"E0308"}),
        ("한국어가", {"한국", "국어", "어가"}),
        ("設定ファイル", {"設定", "定フ", "ファ", "ァイ", "イル"}),
        ("API를", {"API", "를"}),
        ("u\u0308ber", {"über"}),
    ],
)
def test_words_for_bm25(text, tokens):
    assert tokens <= set(lexical(text).split())


def test_composed_and_decomposed_hangul_are_the_same_words():
    assert lexical("\u1112\u1161\u11ab\u1100\u1173\u11af") == lexical("한글")


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("error[E0499]: cannot borrow `x` twice", "code:e0499"),
        ("error[E0499]: cannot borrow `x` twice", "error:cannot borrow 'x' twice"),
        ("thread 'main' panicked at 'index 17 out of range', a.rs:3", "panic:index n out of range"),
        ("thread 'main' panicked at src/a.rs:3:4: no such key", "panic:no such key"),
        ("ValueError: bad value 12", "error:valueerror: bad value n"),
        ("java.io.IOException: disk full", "type:ioexception"),
        ('  File "/srv/app/jobs.py", line 41, in run', "frame:jobs.py:run"),
        ("    at flush (/srv/lib/writer.js:10:22)", "frame:writer.js:flush"),
        ("    at org.kit.Part.flush(Part.java:88)", "frame:org.kit.part.flush"),
        (" 4: 0x7f12 - kit::part::flush::h12ab34cd56", "frame:kit::part::flush"),
        ("npm ERR! code ENOENT", "code:enoent"),
        ("fatal error: kit.h: No such file", "error:fatal error: kit.h: no such file"),
        ("Assertion failed: (a == b), function f", "error:assertion failed: (a == b), function f"),
    ],
)
def test_error_signatures(text, signature):
    assert signature in error_signatures(text)


def test_what_differs_from_run_to_run_is_not_in_a_signature():
    first = "Error: cannot open /home/ann/kit/data.bin at 0x7ffe1200 (try 3)"
    second = "Error: cannot open /srv/x/other/data.bin at 0x55aa0010 (try 11)"
    assert error_signatures(first) == error_signatures(second) != ()


def test_plain_prose_has_no_signature():
    assert error_signatures("Please add a dark theme. UTF-16 and ISO-8859 are fine.") == ()


HOSTILE = [
    *("<!--", "<!-- -->", "<details>", "[", "[a](", "<a ", "<", "> ", "```\n", "a_", "aB", "1."),
    *("- [ ] ", "# ", "cc @a ", "On a wrote:\n", "0x", "/a", "at a.b(", "#1 a ", "1: a::", "a.a("),
    *("Error: ", "panicked at '", "ERR_", 'File "a', "한", "\u1100\u1161", "\x1b[", " ", "\n"),
    *("\u0301", "https://", "a-", "A1-", "wrote:\n", "error [", "*", "\x00", "𠀀", "{", "fatal "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_bodies_take_no_time(piece):
    body = (piece * (65_536 // len(piece) + 1))[:65_536]
    lines = ((piece * 90 + "\n") * (65_536 // (90 * len(piece)) + 1))[:65_536]
    started = time.process_time()
    clean(body, frozenset({"x"}), reply=True)
    clean(lines)
    lexical(body)
    error_signatures(f"Error: {body}")
    error_signatures(lines)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("   4: harbor::tables::first_row", True),
        ("#1  0x00007f in malloc_printerr (str=0x1)", True),
        ('  File "/app/a.py", line 3, in run', True),
        ("    at Object.open (/srv/a.js:3:9)", True),
        ("3 anchors are drawn twice", False),
        ("1. Open the chart and wait", False),
        ("It stops at 99 %", False),
    ],
)
def test_a_frame_is_told_from_a_numbered_sentence(line, is_one):
    assert is_frame(line) is is_one
