"""The words in a row that two texts share: prose, no code (pure)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

GRAM = 3
"""Fewer words in a row are an accident."""

LONGEST = 12
"""Words of a phrase; what is shared beyond them is cut off."""

_MOST_WORDS = 4000
_MOST_RUNS = 200
_WORD = re.compile(r"[^\W_](?:[\w'’-]{0,60}[^\W_])?")
# What may stand between two words of a phrase: other signs are code's, or end a sentence.
_BETWEEN = re.compile(r"['\"`’”]?[,:]?[ \t]{1,4}['\"`‘“]?")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row: as the text spells them, and in lower case, one by one."""

    text: str
    words: tuple[str, ...]


class Phrases:
    """A text that others are compared with; its words are laid out once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[str] = []
        self._spans: list[tuple[int, int]] = []
        for word, start, end in _laid_out(text):
            self._words.append(word)
            self._spans.append((start, end))
        self._vocabulary = frozenset(self._words)
        self._grams: Mapping[tuple[str, ...], int] = {
            gram: at for at, gram in reversed(list(enumerate(_grams(self._words))))
        }

    def shared_with(self, text: str, weigh: Callable[[Phrase], float]) -> Phrase | None:
        """The phrase of both texts that weighs most; None if none weighs anything.

        A phrase does not go over the end of a line, nor over brackets and the like.
        """
        best: tuple[float, Phrase] | None = None
        seen: set[tuple[int, int]] = set()
        for run in self._runs(self._worth_comparing(text)):
            if run in seen or len(seen) >= _MOST_RUNS:
                continue
            seen.add(run)
            phrase = self._phrase(*run)
            weight = weigh(phrase)
            if weight > 0 and (best is None or weight > best[0]):
                best = weight, phrase
        return best[1] if best else None

    def _worth_comparing(self, text: str) -> list[str]:
        """Their words, as `_laid_out` gives them, without the lines that share no gram with us.

        That is most lines, and looking for their grams costs a third of laying them out.
        """
        theirs: list[str] = []
        count = 0
        for line, low in zip(text.splitlines(), text.lower().splitlines(), strict=True):
            words = _WORD.findall(low)
            # One word over and over is no phrase.
            if len(self._vocabulary.intersection(words)) > 1 and not (
                self._grams.keys().isdisjoint(_grams(words))
            ):
                theirs += [word for word, _, _ in _laid_out(line)]
            count += len(words)
            if count > _MOST_WORDS:
                break
        return theirs

    def _runs(self, theirs: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Where the shared words begin in our text, and where they end."""
        at = 0
        grams = list(_grams(theirs))
        while at < len(grams):
            here = self._grams.get(grams[at])
            if here is None or "" in grams[at]:
                at += 1
                continue
            length = GRAM
            while (
                here + length < len(self._words)
                and at + length < len(theirs)
                and self._words[here + length] == theirs[at + length] != ""
            ):
                length += 1
            yield here, here + min(length, LONGEST)
            at += length - GRAM + 1

    def _phrase(self, start: int, end: int) -> Phrase:
        text = self._text[self._spans[start][0] : self._spans[end - 1][1]]
        return Phrase(" ".join(text.split()), tuple(self._words[start:end]))


def _grams(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[offset:] for offset in range(GRAM)), strict=False)


def _laid_out(text: str) -> Iterator[tuple[str, int, int]]:
    """The words with their places; an empty one stands where a phrase must end."""
    count = 0
    start = 0
    for line in text.splitlines(keepends=True):
        before = 0
        for match in _WORD.finditer(line):
            gap = line[before : match.start()]
            if before and gap != " " and not _BETWEEN.fullmatch(gap):
                yield "", start + before, start + before
            yield match[0].lower(), start + match.start(), start + match.end()
            before = match.end()
            count += 1
        start += len(line)
        yield "", start, start
        if count > _MOST_WORDS:
            return
