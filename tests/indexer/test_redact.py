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
    "gh" + "s_123456_" + JWT,
    "gl" + "rt-" + "a1B2" * 5,
    "hv" + "s." + "a1B2" * 6,
    "dckr" + "_pat_" + "a1B2" * 6,
    "shp" + "at_" + "a1b2" * 8,
    "lin" + "_api_" + "a1B2" * 9,
    "ATA" + "TT3x" + "a1B2" * 6,
    "da" + "pi" + "a1b2" * 8,
    "123456789" + ":AA" + "a1B2" * 8,
    "GOC" + "SPX-" + "a1B2" * 7,
    "gs" + "k_" + "a1B2" * 8,
    "AGE-SECRET" + "-KEY-1" + "Q1W2" * 14,
]
PUTTY = "PuTTY-User-Key" + "-File-2: ssh-rsa\nPrivate-Lines: 14\nAAAA\nPrivate-MAC: " + "0f" * 20


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
        (f"key:\n{PUTTY}\nafter", "key:\n[private key]\nafter"),
        ("gh\u200bp\u2060_" + "a1B2" * 9, "[secret]"),
        ("pass\u200bword: hunter22", "password: [secret]"),
        ("postgres://app:p@ssw0rd@db:5432/x", "postgres://app:[secret]@db:5432/x"),
        # Particles follow a word of Latin letters at once.
        ("user@tidepool.example으로 보내주세요", "[email]으로 보내주세요"),
        ("메일은 user@tidepool.example입니다", "메일은 [email]입니다"),
        ("문의user@tidepool.example", "문의[email]"),
        ("mira@tidepool.co.kr에서", "[email]에서"),
        ("mira@163.com", "[email]"),
        ("비밀번호는 hunter22입니다", "비밀번호는 [secret]입니다"),
        ("비밀번호가 hunter22인데", "비밀번호가 [secret]인데"),
        ("비밀번호 hunter22", "비밀번호 [secret]"),
        ("패스워드: hunter22", "패스워드: [secret]"),
        ("비번: hunter22", "비번: [secret]"),
        ("비밀번호: 12345678", "비밀번호: [secret]"),
        ("토큰: abcdef123456", "토큰: [secret]"),
        ("인증키: abcdef123456", "인증키: [secret]"),
        ("API 키: abcdef123456", "API 키: [secret]"),
        ("密码：hunter22", "密码：[secret]"),
        ("パスワード: hunter22", "パスワード: [secret]"),
        ("пароль: hunter22", "пароль: [secret]"),
        ("Passwort: hunter22", "Passwort: [secret]"),
        # The form says that a value follows, whatever it looks like.
        ("password=swordfish", "password=[secret]"),
        ("jdbc:x://h/db?user=a&password=swordfish", "jdbc:x://h/db?user=a&password=[secret]"),
        ("env:\n  MYSQL_ROOT_PASSWORD: swordfish\n", "env:\n  MYSQL_ROOT_PASSWORD: [secret]\n"),
        ("DB_PASS=swordfish", "DB_PASS=[secret]"),
        ("GET /?access_token=abcdefgh", "GET /?access_token=[secret]"),
        ("GET /c?sv=2020&sig=abc%2Fdef", "GET /c?sv=2020&sig=[secret]"),
        ("accessToken: abc123def456", "accessToken: [secret]"),
        ("authToken = 'abc123def456'", "authToken = '[secret]'"),
        ("dbPassword=hunter22", "dbPassword=[secret]"),
        ("secret key: a1B2/a1B2", "secret key: [secret]"),
        ("SecretAccessKey: a1B2/a1B2", "SecretAccessKey: [secret]"),
        ("//r/:_authToken=00000000-1111-2222-3333-444444444444", "//r/:_authToken=[secret]"),
        ("_auth=dXNlcjpwYXNzd29yZA==", "_auth=[secret]"),
        ("AccountKey=Eby8vdM02xNO==;Suffix=x", "AccountKey=[secret];Suffix=x"),
        ("SharedAccessKey=abc123DEF456=", "SharedAccessKey=[secret]"),
        ("curl -u admin:hunter22 https://x", "curl -u admin:[secret] https://x"),
        ("Authorization: ApiKey abcdef0123", "Authorization: ApiKey [secret]"),
        ("Authorization: abcdef0123456789", "Authorization: [secret]"),
        ("Cookie: a=1; session=abcdef01", "Cookie: a=1; session=[secret]"),
        ("Set-Cookie: sid=abcdef01; Path=/very/long", "Set-Cookie: sid=[secret]; Path=/very/long"),
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
        "pnpm@9.0.0-beta.next and react@18.3.0-canary.abc and x@v2.1.0-rc.one",
        "root@db1.internal:~# ls",
        "pi@raspberrypi.local:~ $ ls",
        "deploy@web.tidepool.example:/srv",
        "max_tokens: 128000",
        "MAX_TOKENS=128000",
        "TOKEN_LIMIT=4096",
        "unexpected token: `123456`",
        "expected one of `;`, found token: `ident1`",
        "secret: my-tls-secret-2",
        "token: Token::Ident2",
        "if token == other_token1:",
        "password = getpass()",
        "token = next(tokens)",
        "password: String",
        "password: str = ''",
        "connect(password=self.password1)",
        "connect(password=read_password())",
        "TOKEN=os.environ['X']",
        "Set-Cookie: Path=/; Secure",
        "curl -u $NAME:$PASSWORD https://x",
        "COMPASS=north",
        "uuid 123e4567-e89b-12d3-a456-426614174000",
        "비밀번호 8자리 이상이어야 합니다",
        "👩‍💻 می‌خواهم",
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


@given(
    st.lists(
        st.sampled_from(
            (
                *(
                    "password",
                    "TOKEN",
                    "비밀번호",
                    "sig",
                    "=",
                    ": ",
                    "=>",
                    "[",
                    "]",
                    "hunter22",
                    "'",
                ),
                *('"', "`", "?", "&", "://", "@", "a.b", "Cookie", "curl -u ", "\n", " ", "ghs_"),
                *("_", "는"),
            )
        ),
        max_size=14,
    )
)
def test_redacting_pieces_of_secrets_twice_changes_nothing(pieces):
    once = redact("".join(pieces))
    assert redact(once) == once


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
     "=", "token: ", "://a:b@", "curl -u ", "Cookie: a=", "ghs_", "비밀번호 ", "A_PASS", "?token=",
     "password: `", "secret", "PuTTY-User-Key-File-2: x", "\u200b", "a\u200b", "키 ",
     "AKIA", "Bearer ", "x-", "a_secret_", '"password":"', "@a."],
)  # fmt: skip
def test_time_is_linear(unit):
    text = unit * (400_000 // len(unit))
    begun = time.perf_counter()
    redact(text)
    assert time.perf_counter() - begun < 2
