import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.redact import redact, redact_thread
from indexer.threads import Comment, Thread
from tests.builders import NOW

# Put together here, so that no scanner takes this file for a leak.
GITHUB = "gh" + "p_" + "a1B2" * 9
AWS = "AK" + "IA" + "Q3EGRTKX7LPWD2HA"
SLACK = "xo" + "xb-" + "123456789012-abcdefABCDEF"
CLAUDE = "sk" + "-ant-api03-" + "Zk9" * 12
JWT = "ey" + "JhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJlLWhlcmU"
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----"
TOKENS = [
    *(f"gh{kind}_" + "a1B2" * 9 for kind in "ousr"),
    "github" + "_pat_" + "a1B2" * 9,
    "gl" + "pat-" + "a1B2" * 5,
    *(kind + "Q3EGRTKX7LPWD2HA" for kind in ("AS" + "IA", "AR" + "OA", "AI" + "DA", "A3" + "TX")),
    "AI" + "za" + "a1B2-" * 7,
    "ya" + "29." + "a1B2" * 9,
    "xa" + "pp-" + "1-A0-12345",
    *(kind + "a1B2" * 4 for kind in ("sk_" + "live_", "rk_" + "test_", "wh" + "sec_")),
    *(kind + "a1B2" * 9 for kind in ("np" + "m_", "h" + "f_")),
    "py" + "pi-" + "a1B2" * 14,
    "S" + "G." + "a1B2" * 5 + "." + "a1B2" * 5,
    "do" + "p_v1_" + "a1b2" * 16,
]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {GITHUB}.", "token [secret]."),
        (f"AWS_ACCESS_KEY_ID={AWS}", "AWS_ACCESS_KEY_ID=[secret]"),
        (SLACK, "[secret]"),
        *((token, "[secret]") for token in TOKENS),
        (
            "https://hooks.slack.com/services/T0/B0/abcdefgh",
            "https://hooks.slack.com/services/[secret]",
        ),
        ("use Bearer abc123def456ghi7", "use Bearer [secret]"),
        ("PASSWORD : 'swordfish'", "PASSWORD : '[secret]'"),
        ("암호는 qwer1234", "암호는 [secret]"),
        ("tool --token letmein", "tool --token [secret]"),
        (CLAUDE, "[secret]"),
        (f"cookie: {JWT}", "cookie: [secret]"),
        (f"before\n{PEM}\nafter", "before\n[private key]\nafter"),
        (PEM[:40] + "\nnever ends", "[private key]"),
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=[secret]"),
        ('{"password": "correct horse"}', '{"password": "[secret]"}'),
        ('{"api_key": "abcdef"}', '{"api_key": "[secret]"}'),
        ("password: hunter22", "password: [secret]"),
        ("password = 'swordfish'", "password = '[secret]'"),
        ("비밀번호: qwer1234", "비밀번호: [secret]"),
        ("mysql --password=letmein", "mysql --password=[secret]"),
        ("postgres://app:s3cr3t@db:5432/x", "postgres://app:[secret]@db:5432/x"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [secret]"),
        ("curl -H 'authorization: token abcdef99'", "curl -H 'authorization: token [secret]'"),
        ("mail mira@tidepool.example now", "mail [email] now"),
    ],
)
def test_what_is_taken_out(text, left):
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "the password field stays empty",
        "password: string",
        "token = get_token(user)",
        "let key: KeyEvent = event.key;",
        "unexpected token: `;`",
        "password: <your password>",
        "API_TOKEN=${TOKEN}",
        "DB_PASSWORD=xxxx",
        "git clone git@github.com:tidepool/harbor.git",
        "icon@2x.png is blurry",
        "npm i left-pad@1.3.0",
        "commit 4f2c1d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e",
        "secretary: nobody",
        "sk-learn is slow",
        "key: value",
        "The token: abc is missing",
    ],
)
def test_what_stays(text):
    assert redact(text) == text


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing(text):
    once = redact(text)
    assert redact(once) == once


@given(st.sampled_from([GITHUB, AWS, SLACK, CLAUDE, JWT]), st.text(max_size=40))
def test_a_known_token_never_survives(token, around):
    assert token not in redact(f"{around} {token} {around}")


def test_a_thread_is_redacted_everywhere():
    comment = Comment(author="mira", body=f"use {GITHUB}", created_at=NOW)
    thread = Thread(number=1, title=AWS, body=PEM, created_at=NOW, comments=(comment,))
    clean = redact_thread(thread)
    assert clean.title == "[secret]"
    assert clean.body == "[private key]"
    assert clean.comments[0].body == "use [secret]"
    assert redact_thread(clean) is clean


@pytest.mark.parametrize(
    "unit",
    [  # each alone would make a careless pattern look again and again
     "a", "password", "password=", "://a:", "a@", "a.", "eyJ", "-----BEGIN PRIVATE KEY-----",
     "key ",
     "=", "token: ", "AKIA", "Bearer ", "x-", "a_secret_", '"password":"', "@a."],
)  # fmt: skip
def test_time_is_linear(unit):
    text = unit * (400_000 // len(unit))
    begun = time.perf_counter()
    redact(text)
    assert time.perf_counter() - begun < 2
