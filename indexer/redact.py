"""Secrets and personal addresses out of text, before it is embedded, stored, sent or posted.

What is replaced: private keys, tokens with a known form, passwords in addresses, values that are
assigned to a name like `password`, authorization headers and e-mail addresses. Every pattern is
bounded, so that the time is linear in the text's length; redacting twice changes nothing.
"""

import re
from collections.abc import Callable

from indexer.threads import Thread

SECRET = "[secret]"  # noqa: S105 - it is what stands in a secret's place
PRIVATE_KEY = "[private key]"
EMAIL = "[email]"

_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_KNOWN_TOKENS = re.compile(
    r"""(?<![A-Za-z0-9_])(?:
      gh[pousr]_[A-Za-z0-9]{20,255}+
    | github_pat_[A-Za-z0-9_]{22,255}+
    | glpat-[A-Za-z0-9_-]{16,100}+
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
    | eyJ[A-Za-z0-9_-]{8,4000}+\.[A-Za-z0-9_-]{8,4000}+\.[A-Za-z0-9_-]{8,4000}+
    )""",
    re.VERBOSE,
)
_WEBHOOK = re.compile(
    r"(https://(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks)/)"
    r"[A-Za-z0-9/_-]{10,200}+",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"(://[^\s:/@\[\]]{0,100}+:)[^\s/@\[\]]{1,200}+(?=@)")
_HEADER = re.compile(
    r"\b(Authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:Bearer|Basic|Token)\s{1,3})"
    r"[A-Za-z0-9._~+/=-]{6,4000}+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b([Bb]earer )(?=[A-Za-z._~+/=-]{0,200}[0-9])[A-Za-z0-9._~+/=-]{16,4000}+")

_NAME = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|client[_-]?secret|credential|connection[_-]?string|비밀번호|암호)s?"
)
# DB_PASSWORD=hunter2 and {"password": "hunter2"}: the form itself says that a value follows.
_PLAIN_ASSIGNMENT = re.compile(
    r"(?<![A-Za-z0-9])("
    r"(?-i:[A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PASSPHRASE)"
    r"[A-Z0-9_]{0,20})=[\"']?"
    r"|[\"'][A-Za-z0-9_.-]{0,60}?" + _NAME + r"[\"']\s{0,3}:\s{0,3}[\"']"
    r"|--?" + _NAME + r"[= ][\"']?"
    r")(?![\"'\[<{$*]|x{3}|\.\.\.|(?:None|null|true|false|undefined)\b)([^\s\"',;&]{3,500}+)",
    re.IGNORECASE,
)
_QUOTED_ASSIGNMENT = re.compile(
    r"([\"'][A-Za-z0-9_.-]{0,60}?" + _NAME + r"[\"']\s{0,3}:\s{0,3})"
    r"(?:\"(?![\[<{$*]|x{3})[^\"\n]{3,500}+\"|'(?![\[<{$*]|x{3})[^'\n]{3,500}+')",
    re.IGNORECASE,
)
# password: hunter2 in a sentence or a YAML file: only a value with a digit or in quotes.
_LOOSE_ASSIGNMENT = re.compile(
    r"(?<![A-Za-z])((?:[A-Za-z0-9]{1,20}[_-]){0,3}" + _NAME + r"\s{0,3}(?:[:=]|=>|:=|는|은)\s{0,3})"
    r"(?![\[<{$*]|x{3})"
    r"(?:([\"'])(?!x{3}|[\"'<{$*\[])([^\s\"']{4,500}+)(?=[\"'])"
    r"|(?=[^\s\"',;()]{0,100}[0-9])([^\s\"',;()\[\]<>]{6,500}+)(?![(\[<]))",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![\w.+%-])(?!git@)[A-Za-z0-9_.+%-]{1,64}+@(?:[A-Za-z0-9-]{1,63}\.){1,8}+"
    r"(?!(?:png|jpe?g|gif|svg|webp|ico|js|mjs|ts|py|rs|go|java|so|dll|json|ya?ml|md|txt)\b)"
    r"[A-Za-z]{2,24}(?![\w-])"
)
# A name with what assigns to it: far fewer texts have one than have the word `key`.
_ASSIGNED = re.compile(
    _NAME + r"(?:\w{0,20}[\"']?\s{0,3}[:=]|\s{0,3}[는은])|--?" + _NAME + " ", re.IGNORECASE
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


def _without_assigned(text: str) -> str:
    if not _ASSIGNED.search(text):
        return text
    text = _QUOTED_ASSIGNMENT.sub(rf'\1"{SECRET}"', text)
    text = _PLAIN_ASSIGNMENT.sub(rf"\1{SECRET}", text)
    return _LOOSE_ASSIGNMENT.sub(lambda m: f"{m[1]}{m[2] or ''}{SECRET}", text)


# In their order. What one of them leaves never gives an earlier one something to find. Most texts
# hold no secret, and looking for a few fixed words costs a hundredth of looking for a pattern: a
# rule is skipped where the text, its letter case folded, has none of the rule's words.
_RULES: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("private key",), _without_private_keys),
    (
        (
            *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
            *("akia", "asia", "aroa", "aida", "a3t", "aiza", "ya29.", "xox", "xapp-", "sk-"),
            *("k_live_", "k_test_", "whsec_", "npm_", "pypi-", "hf_", "sg.", "_v1_", "eyj"),
        ),
        lambda text: _KNOWN_TOKENS.sub(SECRET, text),
    ),
    (("hooks.slack", "discord"), lambda text: _WEBHOOK.sub(rf"\1{SECRET}", text)),
    (("://",), lambda text: _URL_PASSWORD.sub(rf"\1{SECRET}", text)),
    (("authorization",), lambda text: _HEADER.sub(rf"\1{SECRET}", text)),
    (("bearer ",), lambda text: _BEARER.sub(rf"\1{SECRET}", text)),
    (
        ("pass", "pwd", "secret", "token", "key", "credential", "connection", "비밀번호", "암호"),
        _without_assigned,
    ),
    (("@",), lambda text: _EMAIL.sub(EMAIL, text) if _HOST.search(text) else text),
)


def redact(text: str) -> str:
    """The text with secrets and e-mail addresses replaced by what they were."""
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
