"""Secrets and personal addresses out of text, before it is embedded, stored, sent or posted.

What is replaced: private keys, tokens with a known form, passwords in addresses, values that are
assigned to a name like `password`, headers that log somebody in and e-mail addresses. Every
pattern is bounded, so that the time is linear in the text's length; doing it twice changes nothing.
"""

import re
from collections.abc import Callable

from indexer.assigned import SECRET, WORDS, without_assigned
from indexer.threads import Thread

PRIVATE_KEY = "[private key]"
EMAIL = "[email]"

_HIDDEN = re.compile(
    "(?<=[A-Za-z0-9_.@:=-])[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff]+(?=[A-Za-z0-9_.@:=-])"
)
_KEY_BEGIN = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[0-9]: \S"
)
_KEY_END = re.compile(
    r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9a-f]{16,128}"
)

_KNOWN_TOKENS = re.compile(
    r"""(?<![A-Za-z0-9_])(?:
      ghs_(?=[A-Za-z0-9._-]{36})[A-Za-z0-9_-]{1,4000}+(?:\.[A-Za-z0-9_-]{1,4000}+){0,4}
    | gh[pousr]_[A-Za-z0-9]{20,255}+
    | github_pat_[A-Za-z0-9_]{22,255}+
    | gl(?:pat|rt|dt)-[A-Za-z0-9_-]{16,100}+
    | (?:A3T[A-Z0-9]|AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])
    | AIza[A-Za-z0-9_-]{35}
    | ya29\.[A-Za-z0-9_-]{20,400}+
    | xox[abeoprs]-[A-Za-z0-9-]{10,250}+
    | xapp-[A-Za-z0-9-]{10,250}+
    | sk-[A-Za-z0-9_-]{20,250}+
    | [rsp]k_(?:live|test)_[A-Za-z0-9]{10,250}+
    | whsec_[A-Za-z0-9]{16,250}+
    | npm_[A-Za-z0-9]{30,60}+
    | pypi-[A-Za-z0-9_-]{50,400}+
    | hf_[A-Za-z0-9]{30,60}+
    | SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}+
    | do[opr]_v1_[a-f0-9]{64}
    | hvs\.[A-Za-z0-9_-]{20,250}+
    | dckr_pat_[A-Za-z0-9_-]{20,100}+
    | shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}
    | lin_api_[A-Za-z0-9]{30,60}+
    | ATATT3x[A-Za-z0-9_=-]{12,300}+
    | dapi[a-f0-9]{32}(?:-[0-9])?
    | [0-9]{8,10}:AA[A-Za-z0-9_-]{32,33}(?![A-Za-z0-9_-])
    | GOCSPX-[A-Za-z0-9_-]{20,60}+
    | gsk_[A-Za-z0-9]{20,100}+
    | AGE-SECRET-KEY-1[A-Z0-9]{50,70}+
    | eyJ[A-Za-z0-9_-]{8,4000}+\.[A-Za-z0-9_-]{8,4000}+\.[A-Za-z0-9_-]{8,4000}+
    )""",
    re.VERBOSE,
)
_WEBHOOK = re.compile(
    r"(https://(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks)/)"
    r"[A-Za-z0-9/_-]{10,200}+",
    re.IGNORECASE,
)
# Up to the last @: a password may have one itself.
_URL_PASSWORD = re.compile(r"(://[^\s:/@\[\]]{0,100}+:)[^\s/\[\]]{1,200}(?=@)")
_HEADER = re.compile(
    r"\b(Authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
    r"(?:(?:Bearer|Basic|Token|Api-?Key|Key|Digest|Negotiate)\s{1,3}"
    r"|(?=[A-Za-z._~+/=-]{0,200}[0-9])(?=[A-Za-z0-9._~+/=-]{16})))"
    r"[A-Za-z0-9._~+/=-]{6,4000}+",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"\bCookie[\"']?\s{0,3}:[^\r\n]{1,4000}+", re.IGNORECASE)
_COOKIE = re.compile(
    r"([^\s=;:,\"']{1,80}+=)(?<!expires=)(?<!domain=)(?<!path=)(?<!max-age=)[^\s;\"'\[]{8,4000}+",
    re.IGNORECASE,
)
_CURL_USER = re.compile(
    r"(\bcurl\b[^\r\n|;]{0,200}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"'\[]{1,64}:)[^\s\"'\[$<]{3,200}+"
)
_BEARER = re.compile(r"\b([Bb]earer )(?=[A-Za-z._~+/=-]{0,200}[0-9])[A-Za-z0-9._~+/=-]{16,4000}+")

_EMAIL = re.compile(
    # Not `pnpm@9.0.0-beta.next`, and not the prompt or the path of `root@db1.internal:~#`.
    r"(?<![A-Za-z0-9_.+%-])(?!git@)[A-Za-z0-9_.+%-]{1,64}+@(?!v?[0-9]{1,9}\.[0-9])"
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}+(?!(?:local|internal|png|jpe?g|gif|svg|webp|ico|js|mjs|ts|py|rs|go|java|so|dll|json|ya?ml|md|txt)\b)"
    r"[A-Za-z]{2,24}(?![A-Za-z0-9_-]|:[~/])"
)
_HOST = re.compile(r"@[A-Za-z0-9-]{1,63}\.")


def _without_private_keys(text: str) -> str:
    """A key that never ends is taken to reach to the end of the text."""
    parts: list[str] = []
    at = 0
    while begin := _KEY_BEGIN.search(text, at):
        parts += [text[at : begin.start()], PRIVATE_KEY]
        end = _KEY_END.search(text, begin.end())
        at = end.end() if end else len(text)
    return "".join([*parts, text[at:]]) if parts else text


def _without_cookies(header: re.Match[str]) -> str:
    return _COOKIE.sub(rf"\1{SECRET}", header[0])


# In their order. What one of them leaves never gives an earlier one something to find. Most texts
# hold no secret, and looking for a few fixed words costs a hundredth of looking for a pattern: a
# rule is skipped where the text, its letter case folded, has none of the rule's words.
_RULES: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("private key", "putty-user-key-file"), _without_private_keys),
    (
        (
            *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glrt-", "gldt-"),
            *("akia", "asia", "aroa", "aida", "a3t", "aiza", "ya29.", "xox", "xapp-", "sk-"),
            *("k_live_", "k_test_", "whsec_", "npm_", "pypi-", "hf_", "sg.", "_v1_", "eyj"),
            *("hvs.", "dckr_pat_", "shp", "lin_api_", "atatt3x", "dapi", ":aa", "gocspx-", "gsk_"),
            "age-secret-key-",
        ),
        lambda text: _KNOWN_TOKENS.sub(SECRET, text),
    ),
    (("hooks.slack", "discord"), lambda text: _WEBHOOK.sub(rf"\1{SECRET}", text)),
    (("://",), lambda text: _URL_PASSWORD.sub(rf"\1{SECRET}", text)),
    (("authorization",), lambda text: _HEADER.sub(rf"\1{SECRET}", text)),
    (("bearer ",), lambda text: _BEARER.sub(rf"\1{SECRET}", text)),
    (("cookie",), lambda text: _COOKIES.sub(_without_cookies, text)),
    (("curl",), lambda text: _CURL_USER.sub(rf"\1{SECRET}", text)),
    (WORDS, without_assigned),
    (("@",), lambda text: _EMAIL.sub(EMAIL, text) if _HOST.search(text) else text),
)


def redact(text: str) -> str:
    """The text with secrets and e-mail addresses replaced by what they were.

    Characters without a width go where they stand within a word of Latin letters: they would hide
    a token from every pattern, and come back to one when the text is cleaned later.
    """
    if not text.isascii():
        text = _HIDDEN.sub("", text)
    folded = text.casefold()
    for words, replaced in _RULES:
        if any(word in folded for word in words):
            text = replaced(text)
    return text


def redact_thread(thread: Thread) -> Thread:
    """A thread whose title, body and comments are redacted; the same object if nothing was."""
    title, body = redact(thread.title), redact(thread.body)
    comments = tuple(
        comment.model_copy(update={"body": clean}) if clean != comment.body else comment
        for comment, clean in ((c, redact(c.body)) for c in thread.comments)
    )
    if title == thread.title and body == thread.body and comments == thread.comments:
        return thread
    return thread.model_copy(update={"title": title, "body": body, "comments": comments})
