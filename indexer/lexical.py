"""The words of a text as BM25's word tokenizer should see them."""

import re
import unicodedata

# Han, Kana and Hangul: written without spaces, or with endings glued to the word.
_CJK_RANGES = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3131-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
CJK = re.compile(f"[{_CJK_RANGES}]+")
_IDENTIFIER = re.compile(
    r"\b(?=[A-Za-z]\w{0,76}?(?:[A-Za-z0-9]_+[A-Za-z0-9]|[a-z0-9][A-Z]))\w+", re.ASCII
)
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VERSION = re.compile(r"\bv?(\d{1,6}(?:\.\d{1,6}){1,3})\b", re.ASCII | re.IGNORECASE)
# Longer ones are blobs, whose parts are noise.
_MAX_IDENTIFIER = 80


def lexical(text: str) -> str:
    """The text as a word tokenizer should see it; letter case is left to the tokenizer.

    Runs of Han, Kana and Hangul become pairs of characters. `readFile` and `read_file` gain
    their parts and the joined form, versions a form that the tokenizer cannot break
    (`1.2.3` → `v1v2v3`); everything else, error codes too, stays as it is.
    """
    if not text.isascii():
        text = CJK.sub(_bigrams, unicodedata.normalize("NFC", text))
    text = _IDENTIFIER.sub(_with_parts, text)
    return _VERSION.sub(lambda m: f"{m[0]} v{m[1].replace('.', 'v')}", text)


def _bigrams(run: re.Match[str]) -> str:
    chars = run[0]
    if len(chars) == 1:
        return f" {chars} "
    return " " + " ".join(chars[i : i + 2] for i in range(len(chars) - 1)) + " "


def _with_parts(match: re.Match[str]) -> str:
    name = match[0]
    if len(name) > _MAX_IDENTIFIER:
        return name
    parts = _HUMP.findall(name)
    joined = "".join(parts)
    # The tokenizer itself breaks snake_case at its underscores, so only the parts that differ
    # from those, and the joined form, are added.
    extra = [joined] if "_" in name else []
    if len(parts) > name.count("_") + 1:
        extra += [part for part in parts if len(part) > 1]
    return " ".join([name, *extra])
