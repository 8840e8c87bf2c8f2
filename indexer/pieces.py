"""A model's own SentencePiece vocabulary behind the one call that fastembed makes of a tokenizer.

The same vocabulary as a `tokenizer.json` takes 280 MB of memory once it is read, five times what it
takes here, and splitting a text takes four times as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

PIECES_FILE = "oncall-intern.pieces"
"""A name that no other folder has: a vocabulary of a usual name may number its pieces otherwise."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as the model reads it; `attention_mask` is 0 where it was only filled up."""

    ids: list[int]
    attention_mask: list[int]


class Pieces:
    """Splits texts into the ids of their pieces, between the marks of beginning and end.

    Special tokens in a text are text: nobody can write the mark of an end.

    Args:
        file: the vocabulary.
        limit: the most tokens of a text, the two marks included; what follows is cut off.

    Raises:
        RuntimeError, OSError: the file is none.
    """

    def __init__(self, file: Path, limit: int) -> None:
        from sentencepiece import SentencePieceProcessor

        self._model: Any = SentencePieceProcessor(model_file=str(file))
        self._limit = limit

    def encode_batch(self, texts: Sequence[str]) -> list[Encoded]:
        """The ids of each text, all of one length."""
        model = self._model
        kept = self._limit - 2
        # The vocabulary maps single characters; Hangul and accents may come in parts.
        texts = [normalize("NFKC", text) for text in texts]
        rows = [[model.bos_id(), *model.encode(text)[:kept], model.eos_id()] for text in texts]
        longest = max(map(len, rows), default=0)
        return [
            Encoded(
                row + [model.pad_id()] * (longest - len(row)),
                [1] * len(row) + [0] * (longest - len(row)),
            )
            for row in rows
        ]
