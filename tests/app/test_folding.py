import pytest

from app.folding import around, clauses, folded, holds, sentences


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Raise **`proxy_read_timeout`** to\n`120s`", "Raise proxy_read_timeout to 120s"),
        ("*soft* and _soft_ and __loud__ words", "soft and soft and loud words"),
        ("> quoted\n- one\n2. two\n## three", "quoted one two three"),
        ("a [link](https://x.example/y) here", "a link here"),
        ("`__init__` and `**kwargs` and foo_bar", "__init__ and **kwargs and foo_bar"),
        ("tar cf - a | ssh b > c # d", "tar cf - a | ssh b > c # d"),
        ("~/.cache and C:\\temp and ~~gone~~", "~/.cache and C:\\temp and ~~gone~~"),
        ("ｆｕｌｌ width, ze\u200bro", "full width, zero"),
        ("1 * 2 * 3 and *.py or a*b", "1 * 2 * 3 and *.py or a*b"),
    ],
)
def test_only_marks_are_folded(text, plain):
    assert folded(text) == plain


@pytest.mark.parametrize(
    ("known", "piece", "found"),
    [
        ("run git push --force-with-lease now", "git push --force", False),
        ("run git push --force now", "git push --force", True),
        ("pip install harbor-tools-safe", "harbor-tools", False),
        ("npm i @scope/pkg", "scope/pkg", False),
        ("in ~/.cache/harbor.", "/.cache/harbor", False),
        ("in ~/.cache/harbor.", "~/.cache/harbor", True),
        ("edit nginx.conf.", "nginx.conf", True),
        ("edit nginx.conf.bak", "nginx.conf", False),
        ("raise it to 120s", "120", False),
        ("version 11.25.3", "1.25.3", False),
        ("set $HOME", "HOME", False),
        ("`x`을 120s로 올려", "120s", True),
        ("把缓存设置为关", "缓存设置", True),
    ],
)
def test_a_piece_is_held_whole_or_not_at_all(known, piece, found):
    assert holds(known, piece) is found


def test_sentences_are_those_that_were_written():
    text = """Set `a = 1.5` first. Then, e.g. `b`, in nginx.conf!
It goes on here.

```sh
run this. And that.

stop
```
- one item
- another. With two"""
    assert sentences(text) == (
        "Set `a = 1.5` first.",
        "Then, e.g. `b`, in nginx.conf!",
        "It goes on here.",
        "```sh\nrun this. And that.\n\nstop\n```",
        "- one item",
        "- another.",
        "With two",
    )
    assert sentences("캐시를 끄지 마세요. 다시 시작하세요。끝") == (
        "캐시를 끄지 마세요.",
        "다시 시작하세요。",
        "끝",
    )
    assert sentences("") == ()


def test_what_a_colon_announces_belongs_to_it():
    text = "Never do one of these:\n\n- set `a`\n- set `b`\n\n"
    text += "Then restart. Run this:\n\n```\nx\n```\nY"
    never, restart, run, rest = sentences(text)
    assert never == "Never do one of these:\n- set `a`\n- set `b`"
    assert (restart, rest) == ("Then restart.", "Y")
    assert run == "Run this:\n```\nx\n```"


def test_a_quote_brings_its_sentences():
    parts = sentences("First one. Do not set **`a = 1`** here. Last one.")
    assert around("set a = 1", parts) == ("Do not set **`a = 1`** here.",)
    assert around("here. Last", parts) == parts[1:]
    assert around("nowhere", parts) == parts


def test_clauses_keep_their_code():
    text = "Set `a, b; c`, reload nginx; then stop and go, but wait"
    assert clauses(text) == ["Set `a, b; c`", "reload nginx", "stop", "go", "wait"]
    assert clauses("`a`를 올리고 서버를 켜세요") == ["`a`를 올리고", "서버를 켜세요"]


def test_a_text_of_very_many_sentences_is_no_more_work():
    parts = sentences("- x\n" * 5000)
    assert len(parts) == 300
    assert parts[-1].count("- x") == 5000 - 299
