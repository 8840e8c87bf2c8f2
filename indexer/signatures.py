"""The error signatures of a text: what two reports of one failure share letter by letter.

Exception types and messages, error codes, panic texts and stack frames, each brought to a form
without line numbers, addresses, paths and counters, so that equal failures give equal strings.
"""

import re

MAX_SIGNATURES = 32
MAX_FRAMES = 10
_MAX_LINE = 400
_MAX_MESSAGE = 120

# Codes that name one failure wherever they stand.
_CODE = re.compile(
    r"(?<![\w#/.-])(?:"
    r"[A-Z]{1,8}-?\d{3,5}"  # E0308, TS2345, CS0103, ORA-00600, LNK2019
    r"|ERR_[A-Z_]{3,60}"
    r"|E(?:ACCES|AGAIN|ADDRINUSE|BADF|BUSY|CONNABORTED|CONNREFUSED|CONNRESET|EXIST|HOSTUNREACH"
    r"|INTEGRITY|INVAL|ISDIR|LOOP|MFILE|NAMETOOLONG|NETUNREACH|NOENT|NOMEM|NOSPC|NOTDIR|NOTEMPTY"
    r"|NOTFOUND|NOTSUP|PERM|PIPE|PROTO|RESOLVE|ROFS|TIMEDOUT|XDEV)"
    r"|SIG(?:ABRT|BUS|FPE|ILL|KILL|SEGV|TRAP)"
    r"|0x[89A-Fa-f][0-9A-Fa-f]{7}"  # HRESULT
    r"|[A-Z][a-z]+BackOff|OOMKilled"
    r")\b"
)
# A name that stands where errors are named: `<Code>NoSuchKey</Code>`, `"code": "NoSuchKey"`,
# `error (NoSuchKey)`, `NoSuchKey: the key …`.
_NAMED_CODE = re.compile(
    r"(?i:\bcode[\"'`]{0,2}\s{0,2}[=:>]\s{0,2}[\"'`]{0,2}"
    r"|\b(?:error|failed|exception)(?: code| occurred)?(?: with)?:?\s{0,2}[(\[`'\"]{0,2})"
    r"((?:[A-Z][a-z]{1,24}){2,6}|[A-Z][A-Z0-9]{2,30}(?:_[A-Z0-9]{1,30}){1,6})(?![\w.:]\w)"
    r"|(?:^|(?<=\n))((?:[A-Z][a-z]{1,24}){3,6}): "
)
# Standards, encodings and processors look like codes.
_NOT_A_CODE = re.compile(
    r"(?:UTF|ISO|RFC|PR|GH|IEEE|CVE|SHA|MD|AES|RSA|ARM|CP|HTTP|IPV|X|I|GTX|RTX|CPU|GPU|ECMA|PEP)"
    r"-?\d+"
)
_EXCEPTION = re.compile(
    r"\b((?:[A-Za-z_]\w{0,60}[.:]{1,2}){0,8}[A-Z]\w{0,60}"
    r"(?:Error|Exception|Fault|Panic|Interrupt|Timeout))\b(?:: {0,4}(\S.{0,300}))?"
)
_PANIC = re.compile(r"\bpanicked at ['\"`‘](.{1,300})|\bpanicked at \S{1,200}:\d+:\d+:(.{0,300})")
_HEAD = re.compile(
    r"^.{0,60}?\b(fatal error|internal compiler error|internal error|error|fatal|panic"
    r"|assertion failed|segmentation fault|undefined reference to|unhandled exception)"
    r"(?:\[(\w{1,12})\])?\s{0,3}(?:[:!]\s{0,4}|(?=[`'\"(]))(\S.{0,300})?",
    re.IGNORECASE,
)
_FRAMES = (
    re.compile(r"^File \"(?P<file>[^\"]{1,300})\", line \d+, in (?P<func>\S{1,120})"),  # Python
    re.compile(r"^at (?P<func>[\w$.<>\[\] ]{1,160}?) \((?P<file>[^()]{1,300}?)(?::\d+){1,2}\)"),
    re.compile(r"^at (?P<func>[\w$.<>/]{3,200})\([^()]{0,200}\)"),  # Java, C#
    re.compile(
        r"^#?\d{1,3}:? {1,8}(?:0x[0-9a-fA-F]+ )?(?:- |in )?"
        r"(?P<func>[A-Za-z_<][\w:<>$.{}~ ]{2,160}?)(?:::h[0-9a-f]{5,20}.*| ?\(.*|$)"
    ),  # Rust, gdb
    re.compile(r"^(?P<func>[\w.*()/-]{3,160}\.[\w.*]{1,80})\((?:0x|\.\.\.|\{)"),  # Go
)
_VOLATILE = (
    (re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8}-[0-9a-f-]{20,30}\b|\b[0-9a-f]{12,64}\b"), "H"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]{1,100}){2,20}(?::\d+){0,2}"), "P"),
    (re.compile(r"\d+"), "N"),
)
_SPLIT_MESSAGE = re.compile(r"', | at line |\s{2,}|\s\(see |; ")
_QUOTES = str.maketrans('`"‘’“”', "''''''")
_TRIGGER = re.compile(
    "error|exception|panic|fault|fatal|assert|timeout|undefined ref", re.IGNORECASE
)


def error_signatures(body: str) -> tuple[str, ...]:
    """The error signatures of a body, each once, in lower case, codes first.

    The kind stands before each (`code:`, `type:`, `error:`, `panic:`, `frame:`): a code and a
    message of equal letters are different things.
    """
    found: dict[str, None] = {}
    for code in _CODE.findall(body):
        if not _NOT_A_CODE.fullmatch(code.upper()):
            found[f"code:{code.lower()}"] = None
    frames = 0
    for raw in body.splitlines():
        if len(found) >= MAX_SIGNATURES:
            break
        line = raw[: 2 * _MAX_LINE].strip().lstrip("> ")[:_MAX_LINE]
        if frames < MAX_FRAMES and _may_be_frame(line) and (frame := _frame(line)):
            frames += frame not in found
            found[frame] = None
            continue
        if _TRIGGER.search(line):
            _add_messages(line, found)
    return tuple(found)[:MAX_SIGNATURES]


def named_codes(text: str) -> tuple[str, ...]:
    """Codes that are words, such as `SignatureDoesNotMatch`, in the form of signatures.

    They look like any name out of the code, so they count only where errors are named, and two
    texts are compared by them; no passage is stored with them.
    """
    found = dict.fromkeys(f"code:{(a or b).lower()}" for a, b in _NAMED_CODE.findall(text))
    return tuple(found)[:MAX_SIGNATURES]


def is_frame(line: str) -> bool:
    """Whether the line is a frame of a stack trace, and no numbered sentence."""
    line = line.strip()[:_MAX_LINE]
    frame = _frame(line) if _may_be_frame(line) else None
    return frame is not None and frame.count(" ") <= 1


def _may_be_frame(line: str) -> bool:
    return line.startswith(("at ", 'File "', "#")) or line[:1].isdigit() or "(0x" in line


def _add_messages(line: str, found: dict[str, None]) -> None:
    if panic := _PANIC.search(line):
        if text := normal_message(panic[1] or panic[2] or ""):
            found[f"panic:{text}"] = None
        return
    if head := _HEAD.match(line):
        text = normal_message(head[3] or "")
        if head[1].lower() not in {"error", "fatal"}:
            text = f"{head[1].lower()}: {text}".rstrip(": ")
        if len(text.split()) > 1:
            found[f"error:{text}"] = None
    for match in list(_EXCEPTION.finditer(line))[:3]:
        name = re.split(r"[.:]", match[1])[-1].lower()
        found[f"type:{name}"] = None
        if message := normal_message(match[2] or ""):
            found[f"error:{name}: {message}"] = None


def normal_message(message: str) -> str:
    """A message without what differs from run to run: numbers, addresses, paths."""
    text = _SPLIT_MESSAGE.split(message, maxsplit=1)[0].translate(_QUOTES)
    for pattern, mark in _VOLATILE:
        text = pattern.sub(mark, text)
    return " ".join(text.split()).strip(" .,:;!*")[:_MAX_MESSAGE].lower()


def _frame(line: str) -> str | None:
    for pattern in _FRAMES:
        if match := pattern.match(line):
            parts = match.groupdict()
            func = re.sub(r"0x[0-9a-fA-F]+|<[^<>]{0,80}>|\$\w+", "", parts["func"]).strip(" .")
            file = re.split(r"[\\/]", parts.get("file") or "")[-1].split("?")[0]
            name = f"{file}:{func}" if file else func
            return f"frame:{name.lower()}" if len(func) > 2 else None  # noqa: PLR2004
    return None
