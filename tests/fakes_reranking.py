"""A cross-encoder in the real formats, small enough to write in a test: it counts shared words."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

MODEL = "Xenova/ms-marco-MiniLM-L-6-v2"
"""A model that fastembed knows; ours lies in the same layout."""

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def write_cross_encoder(folder: Path, words: Sequence[str], *, factor: float = 1.0) -> None:
    """Write a model that scores a pair by how many of `words` both texts have, times `factor`."""
    (folder / "onnx").mkdir(parents=True)
    _write_tokenizer(folder, words)
    _write_graph(folder / "onnx" / "model.onnx", factor)


def _write_tokenizer(folder: Path, words: Sequence[str]) -> None:
    from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordLevel

    vocabulary = {word: place for place, word in enumerate((*_SPECIAL, *words))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    limits = {"model_max_length": 128, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(limits), encoding="utf-8")


def _write_graph(path: Path, factor: float) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def constant(name: str, value: object, kind: type) -> "onnx.TensorProto":
        return numpy_helper.from_array(np.array(value, kind), name)

    def node(kind: str, inputs: Sequence[str], output: str, **attributes: int) -> "onnx.NodeProto":
        return helper.make_node(kind, inputs, [output], **attributes)

    # A pair of places counts if both hold one word, no special token, and stand in different texts.
    nodes = [
        node("Greater", ("input_ids", "last_special"), "is_word"),
        node("Equal", ("token_type_ids", "one"), "is_second"),
        node("Not", ("is_second",), "is_first"),
        node("And", ("is_word", "is_first"), "wanted"),
        node("Unsqueeze", ("input_ids", "two_axis"), "rows"),
        node("Unsqueeze", ("input_ids", "one_axis"), "columns"),
        node("Equal", ("rows", "columns"), "same"),
        node("Unsqueeze", ("wanted", "two_axis"), "wanted_rows"),
        node("Unsqueeze", ("is_second", "one_axis"), "second_columns"),
        node("And", ("wanted_rows", "second_columns"), "across"),
        node("And", ("same", "across"), "hits"),
        node("Cast", ("hits",), "numbers", to=TensorProto.FLOAT),
        node("ReduceSum", ("numbers", "both_axes"), "sums", keepdims=0),
        node("Unsqueeze", ("sums", "one_axis"), "counts"),
        node("Mul", ("counts", "factor"), "logits"),
    ]
    shape = ("batch", "length")
    graph = helper.make_graph(
        nodes,
        "shared_words",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "token_type_ids")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ("batch", 1))],
        [
            constant("last_special", len(_SPECIAL) - 1, np.int64),
            constant("one", 1, np.int64),
            constant("one_axis", [1], np.int64),
            constant("two_axis", [2], np.int64),
            constant("both_axes", [1, 2], np.int64),
            constant("factor", factor, np.float32),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    onnx.save_model(made, str(path))
