"""Values that are assigned to a name like `password`, out of text: `DB_PASSWORD=…`, `비밀번호: …`.

Where the form says that a value follows, whatever stands there is taken; in a sentence or in code
only what looks like no word: a value with a digit, or one in quotes. Every pattern is bounded, so
that the time is linear in the text's length; doing it twice changes nothing.
"""

import re

SECRET = "[secret]"  # noqa: S105 - it is what stands in a secret's place

WORDS = (
    *("pass", "pwd", "secret", "token", "key", "credential", "connection", "_auth", "sig="),
    *("비밀", "암호", "패스워드", "비번", "토큰", "인증", "키", "시크릿"),
    *("密码", "密碼", "口令", "令牌", "パスワード", "トークン", "пароль", "токен"),
    *("kennwort", "contraseña", "mot de passe"),
)
"""A text without any of these, its letter case folded, has no such value."""

# What a password is called, and what a key or a token is.
_PHRASE = (
    r"(?:pass(?:word|wd|phrase|wort)s?|pwd|kennwort|contraseña|mot de passe|пароль"
    r"|비밀\s?번호|암호|패스워드|비번|密[码碼]|口令|パスワード)"
)
# Not `tokens`: what is counted is no secret.
_KEY = (
    r"(?:secrets?|token|(?:api|access|account|private|secret|auth)[ _-]?keys?|credentials?"
    r"|connection[_-]?strings?|(?<![A-Za-z0-9])_auth|토큰|인증\s?키|API\s?키|시크릿|令牌|トークン|токен)"
)
_NAME = rf"(?:{_PHRASE}|{_KEY})"
_GIVES = r"(?:=>|:=|[:：](?!:)|[=＝](?!=)|[는은])"
# What stands where a value would, and is none.
_NO_VALUE = (
    r"(?![\"'`\[<{$*%]|x{3}|\.{3}|your|"
    r"(?:none|null|nil|true|false|undefined|str|string|text|hidden|required|optional|example"
    r"|password|passwd|pwd|secret|token)(?![\w-]))"
)
# A particle may follow at once where no spaces part words.
_VALUE = r"[^\s\"'`,;&()\[\]<>{}\u3040-\u30ff\u4e00-\u9fff가-힣]"
# `self.password`, `Token::Ident2`: code that names another place.
_NO_PLACE = r"(?![A-Za-z_]\w{0,60}(?:\.|->|::)[A-Za-z_])"
_NO_CALL = r"(?![(\[{<])"
# `secret: my-tls-secret-2` names a secret, and 128000 counts something.
_NO_REFERENCE = (
    rf"(?!{_VALUE}{{0,100}}(?:secret|token|::))(?![0-9.]{{1,60}}(?![^\s\"'`,;&()\[\]<>{{}}]))"
)

_UPPER = (
    r"(?-i:(?<![A-Za-z0-9])(?:(?:[A-Z0-9_]{0,60}_)?PASS|"
    r"[A-Z0-9_]{0,60}(?:PASSWORDS?|PASSWD|PWD|PASSPHRASE{more}))(?![A-Z])[A-Z0-9_]{0,20})"
)
_MORE = "|SECRETS?|API_?KEYS?|ACCESS_?KEYS?|TOKEN"

# DB_PASSWORD=hunter, --password=hunter, {"password": "hunter"}: a value follows for certain.
_PLAIN = re.compile(
    r"("
    + _UPPER.replace("{more}", _MORE)
    + r"=[\"']?(?![0-9]{1,60}(?![^\s\"',;&]))|[\"'][A-Za-z0-9_.-]{0,60}?"
    + _NAME
    + r"[\"']\s{0,3}:\s{0,3}[\"']|(?<![A-Za-z0-9])--?"
    + _NAME
    + r"[= ][\"']?|[?&](?:[A-Za-z0-9_]{0,30}?"
    + _NAME
    + r"|sig)=)"
    + _NO_VALUE
    + _NO_PLACE
    + r"([^\s\"',;&]{3,500}+)",
    re.IGNORECASE,
)
# MYSQL_ROOT_PHRASE: hunter2 alone on its line, as in a file of settings.
_SETTING = re.compile(
    rf"({_UPPER.replace('{more}', '')}[ ]?:[ ]{{1,3}}[\"']?){_NO_VALUE}{_NO_PLACE}"
    r"[^\s\"',;&]{3,500}+(?=[\"']?[ \t]{0,9}(?:\r?$|#))",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(
    rf"([\"'][A-Za-z0-9_.-]{{0,60}}?{_NAME}[\"']\s{{0,3}}:\s{{0,3}})"
    rf"(?:\"{_NO_VALUE}[^\"\n]{{3,500}}+\"|'{_NO_VALUE}[^'\n]{{3,500}}+')",
    re.IGNORECASE,
)
# password=hunter without a space between.
_CLOSE = re.compile(
    rf"({_PHRASE}=){_NO_VALUE}{_NO_PLACE}(?!{_VALUE}{{0,100}}{_NAME}){_VALUE}{{4,500}}+"
    r"(?![(\[{<\"'`])",
    re.IGNORECASE,
)
# password: hunter22 in a sentence, in code or in a YAML file.
_LOOSE = re.compile(
    rf"((?:{_PHRASE}|(?<!expected )(?<!found )(?P<token>{_KEY}))\s{{0,3}}{_GIVES}\s{{0,3}})"
    rf"(?:([\"'])(?!x{{3}}|[\"'<{{$*\[])([^\s\"']{{4,500}}+)(?=[\"'])"
    rf"|(`?){_NO_VALUE}{_NO_PLACE}(?(token){_NO_REFERENCE})"
    rf"(?={_VALUE}{{0,100}}[0-9])({_VALUE}{{6,500}}+){_NO_CALL})",
    re.IGNORECASE,
)
# 비밀번호가 hunter22입니다: names of scripts that no program writes need no sign between.
_SPOKEN = re.compile(
    r"((?:비밀\s?번호|암호|패스워드|비번)[가이]?\s{1,3})"
    r"(?=[!-~]{0,100}[0-9])(?=[!-~]{0,100}[a-z])(?![\[<{$*]|https?:)[^\W_가-힣]"
    r"[!#-&*-Z^-~]{5,500}+(?![(\[<])"
)
# A name with what assigns to it: far fewer texts have one than have the word `key`.
_ASSIGNED = re.compile(
    rf"{_NAME}(?:\w{{0,20}}[\"']?\s{{0,3}}[:=：＝]|\s{{0,3}}[는은가이\s])|--?{_NAME} |[?&]sig="
    r"|PASS[A-Z0-9_]{0,20}=",
    re.IGNORECASE,
)


def without_assigned(text: str) -> str:
    """The text with such values replaced by SECRET."""
    if not _ASSIGNED.search(text):
        return text
    text = _QUOTED.sub(rf'\1"{SECRET}"', text)
    text = _PLAIN.sub(rf"\1{SECRET}", text)
    text = _SETTING.sub(rf"\1{SECRET}", text)
    text = _CLOSE.sub(rf"\1{SECRET}", text)
    text = _LOOSE.sub(lambda m: f"{m[1]}{m[3] or m[5] or ''}{SECRET}", text)
    return _SPOKEN.sub(rf"\1{SECRET}", text)
