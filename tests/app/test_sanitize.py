import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sanitize import ZERO_WIDTH, Markdown, code, inline, visible_text
from tests.harm import harms, read

SHA = "a5c3785ed8d6a35868bc169f07e40e889087fd2e"


def shown(text, **options):
    """What a reader sees."""
    return read(inline(text, limit=500, **options)).strip().replace(ZERO_WIDTH, "")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Set `part_size = 64MB` in harbor.toml", "Set part_size = 64MB in harbor.toml"),
        ("see #12, owner/repo#7 and GH-3", "see #12, owner/repo#7 and GH-3"),
        ("ask @mira or @tidepool/core", "ask mira or @tidepool/core"),
        ("install @scope/pkg@1.2 please", "install @scope/pkg@1.2 please"),
        ("**bold** and _soft_ words", "bold and soft words"),
        ("a [link](https://evil.example/x) here", "a link here"),
        ("![alt](https://evil.example/p.png) after", "after"),
        ("<b>loud</b><br>words", "loud words"),
        ("Vec<T>::remove panics & dies", "Vec<T>::remove panics & dies"),
        ("# Heading\n\n- one\n- two", "Heading one two"),
        ("go to https://evil.example/a?b=c now", "go to (link) now"),
        ("or www.evil.example now", "or (link) now"),
        ("or evil.com/fix.sh now", "or (link) now"),
        ("fails at 1https://evil.example/x now", "fails at 1(link) now"),
        ("see 9http://evil.example now", "see 9(link) now"),
        ("0ftp://evil.example", "0(link)"),
        (f"{'a1' * 20}https://evil.example/x", f"{'a1' * 20}(link)"),
        ("_GH-1 and 2GH-3", "_GH-1 and 2GH-3"),
        ("open http://localhost:8080/health first", "open http://localhost:8080/health first"),
        ("```sh\nharbor sync\n```", "harbor sync"),
        ("```yaml\na: 1\n  b: 2\n```", "a: 1 b: 2"),
        ("```yaml\na: 1\nb: 2\nc: 3\nd: 4\n```", "a: 1 …"),
        ("1 * 2 * 3 and a_b_c and ~x~", "1 * 2 * 3 and a_b_c and ~x~"),
        ("a | b | c", "a | b | c"),
        ("costs $5 or $6", "costs $5 or $6"),
        ("`unclosed code", "`unclosed code"),
        ("한국어 `code` 문장입니다.", "한국어 code 문장입니다."),
        ("a\u202egnp.exe\u2066 b\u200bc", "agnp.exe bc"),
        ("- not a list", "not a list"),
        ("+ plus", "plus"),
        ("", ""),
        ("<!-- oncall-intern:v1 0123456789abcdef -->x", "x"),
        ("\ud800 lone", "lone"),
    ],
)
def test_what_is_left_of_a_text(text, seen):
    assert shown(text) == seen
    assert harms(inline(text, limit=500)) == []


@pytest.mark.parametrize(
    ("title", "seen"),
    [
        ("Vec<br> breaks the parser", "Vec<br> breaks the parser"),
        ("**kwargs are lost in [x](y)", "**kwargs are lost in [x](y)"),
        ("`--flag` is ignored", "--flag is ignored"),
        ("1. numbered title", "1. numbered title"),
        ("# hash title", "# hash title"),
        ("Fixes #12", "Fixes #12"),
    ],
)
def test_a_title_is_shown_letter_by_letter(title, seen):
    made = inline(title, limit=120, markup=False)
    assert harms(made) == []
    assert read(made).strip().replace(ZERO_WIDTH, "") == seen


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("get it at evil.com.", "get it at `evil.com`."),
        ("get it at @evil.com now", "get it at @`evil.com` now"),
        ("(evil.co.kr)에서", "(`evil.co.kr`)에서"),
        ("evil-fix.download/x", "`evil-fix.download/x`"),
        ("run evil.example/patch.exe", "run `evil.example/patch.exe`"),
        ("at harbor.internal:8080/health", "at `harbor.internal:8080/health`"),
        (f"since {SHA}", f"since `{SHA}`"),
        ("config.yml, README.md, main.rs, run.sh, node.js and v1.2.3", ...),
        ("foo.bar() in src/evil.rs/x, e.g. System.in and obj.to(x)", ...),
        ("since a5c3785", ...),
    ],
)
def test_what_is_linked_elsewhere_is_code(text, made):
    assert inline(text, limit=200) == (text if made is ... else made)


def test_a_mention_inside_code_stays():
    assert inline("use `@Override` here", limit=50) == "use `@Override` here"


def test_code_cannot_end_early():
    made = inline("run ``a ` <img src=x> b`` now", limit=100)
    assert made == "run ``a ` <img src=x> b`` now"
    assert harms(made) == []


def test_a_text_is_cut_at_a_sentence():
    text = "First sentence is here. Second one is longer than the room that is left for it."
    assert inline(text, limit=40) == "First sentence is here."
    assert inline("word " * 30, limit=20) == "word word word…"
    assert inline("설정을 바꾸면 됩니다. 그 다음 문장은 너무 깁니다 정말로.", limit=20) == (
        "설정을 바꾸면 됩니다."
    )


def test_a_cut_never_opens_code():
    made = inline("Use `a very long piece of code that does not fit in here` now", limit=30)
    assert made.count("`") % 2 == 0
    assert read(made).strip() == "Use a very long piece of …"


def test_visible_text_counts_what_is_seen():
    assert visible_text("**[#12](https://x.example/y)** a\\*b &lt;c&gt;") == "#12 a*b <c>"


def test_a_link_may_hold_code():
    assert inline("see [`Vec::new`](https://x.example/y) first", limit=50) == "see `Vec::new` first"


HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("@#`*_[]()<>!|~\\&;:/.-+=\"'\n\t 0129aAwhtpsGx한글＠＃\u200b\u202e\u0301"),
        st.characters(),
    ),
    max_size=80,
)
PIECES = st.lists(
    st.one_of(
        HOSTILE,
        st.sampled_from(
            [
                "@mira",
                "#12",
                "Fixes #12",
                "Duplicate of #1",
                "https://evil.example/x",
                "www.evil.example",
                "<img src=x onerror=alert(1)>",
                "![x](https://evil.example/p)",
                "[x](javascript:alert(1))",
                "<!-- oncall-intern:v1 0123456789abcdef -->",
                "```",
                "`",
                "</details>",
                "<details>",
                "mailto:a@b.example",
                "a@b.example",
                "GH-12",
                "http://localhost:1/",
                "\n\n# x\n",
                "[^1]: y",
                "&#64;mira",
                "&lt;b&gt;",
                "evil.com/x",
                "evil.com",
                "1https://evil.example/x",
                "_GH-1",
                SHA,
            ]
        ),
    ),
    max_size=6,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(text=PIECES, markup=st.booleans(), limit=st.integers(1, 120))
def test_no_text_whatsoever_does_harm(text, markup, limit):
    made = inline(text, limit=limit, markup=markup)
    assert isinstance(made, Markdown)
    assert "\n" not in made
    for line in (f"- **{made}** (x): {made}", f"1. {made}", f"1. “{made}” (x)"):
        assert harms(f"**Found:**\n\n{line}\n") == []


@settings(max_examples=200, deadline=None)
@given(text=PIECES)
def test_no_code_span_does_harm(text):
    assert harms(f"same error, {code(text)}.") == []


@pytest.mark.parametrize(
    "text",
    ["`" * 65_536, "[" * 65_536, "<" * 65_536, "a@" * 30_000, "<!--" * 16_000, "*a" * 30_000,
     "![" * 30_000, "http://" * 9_000, "http:" * 12_000, "a-" * 30_000, "a.com/" * 10_000,
     "a." * 30_000, "fix#1" * 13_000, "\u0301" * 65_536],
)  # fmt: skip
def test_size_does_not_matter(text):
    begun = time.perf_counter()
    inline(text, limit=300)
    code(text)
    assert time.perf_counter() - begun < 1
