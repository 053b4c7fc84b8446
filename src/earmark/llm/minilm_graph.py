"""The weights of a BERT as an ONNX graph, with its matrices in 8 bits.

Each column of a matrix has its own scale. What is multiplied with it is brought to 8 bits while the
model runs, a text at a time, so that a vector never depends on which other texts were near; that is
why the graph takes one text and has no mask.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from earmark.llm.minilm_shape import BertShape

Tensors = Mapping[str, npt.NDArray[np.float32]]
Precision = Literal["int8", "float32"]
_Attribute = int | float | list[int]

_OPSET: Final = 20
_IR_VERSION: Final = 10
_LARGEST_WEIGHT: Final = 63
"""Two products with 255 then fit 16 bits, which is all that processors without VNNI add them up in.

With 127 they would saturate there, and vectors would be other ones than elsewhere.
"""
_LARGEST_WORD: Final = 127


class _Graph:
    """Nodes and constants under way; every method returns the name of what it added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], **attributes: _Attribute) -> str:
        return self.nodes_of(kind, inputs, 1, **attributes)[0]

    def nodes_of(
        self, kind: str, inputs: Sequence[str], outputs: int, **attributes: _Attribute
    ) -> list[str]:
        names = [f"{kind}_{len(self.nodes)}_{number}" for number in range(outputs)]
        make_node: Any = helper.make_node
        self.nodes.append(make_node(kind, list(inputs), names, **attributes))
        return names


def build_graph(tensors: Tensors, shape: BertShape, precision: Precision = "int8") -> bytes:
    """A model of `input_ids` (1, tokens) → `last_hidden_state` (1, tokens, hidden)."""
    graph = _Graph()
    _add_constants(graph, shape)
    linear = _Linear(graph, tensors, precision)
    state = _embed(graph, tensors, shape, precision)
    for layer in range(shape.layers):
        state = _layer(linear, shape, f"encoder.layer.{layer}", state)
    graph.node("Identity", [state])
    graph.nodes[-1].output[0] = "last_hidden_state"
    return _serialize(graph, shape)


def _serialize(graph: _Graph, shape: BertShape) -> bytes:
    tokens = helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, [1, "tokens"])
    states = helper.make_tensor_value_info(
        "last_hidden_state", onnx.TensorProto.FLOAT, [1, "tokens", shape.hidden]
    )
    body = helper.make_graph(graph.nodes, "minilm", [tokens], [states], graph.constants)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="earmark"
    )
    model.ir_version = _IR_VERSION
    checker: Any = onnx.checker
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _add_constants(graph: _Graph, shape: BertShape) -> None:
    size = shape.hidden // shape.heads
    graph.constant("split_heads", np.array([0, 0, shape.heads, size], dtype=np.int64))
    graph.constant("join_heads", np.array([0, 0, shape.hidden], dtype=np.int64))
    graph.constant("scale", np.array(size**-0.5, dtype=np.float32))
    graph.constant("zero", np.array([0], dtype=np.int64))


def _embed(graph: _Graph, tensors: Tensors, shape: BertShape, precision: Precision) -> str:
    words = _look_up(graph, tensors["embeddings.word_embeddings.weight"], precision)
    # All tokens are of the first and only sentence.
    places = (
        tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    tokens = graph.node("Shape", ["input_ids"], start=1, end=2)
    used = graph.node("Slice", [graph.constant("places", places), "zero", tokens, "zero"])
    return _normalize(graph, tensors, shape, "embeddings", graph.node("Add", [words, used]))


def _look_up(graph: _Graph, table: npt.NDArray[np.float32], precision: Precision) -> str:
    if precision == "float32":
        return graph.node("Gather", [graph.constant("words", table), "input_ids"])
    small, scales = quantize(table.T, _LARGEST_WORD)
    rows = graph.node("Gather", [graph.constant("words", small.T), "input_ids"])
    factors = graph.constant("word_scales", scales[:, np.newaxis])
    factor = graph.node("Gather", [factors, "input_ids"])
    return graph.node("Mul", [graph.node("Cast", [rows], to=onnx.TensorProto.FLOAT), factor])


def quantize(
    matrix: npt.NDArray[np.float32], largest: int = _LARGEST_WEIGHT
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """A matrix as whole numbers up to `largest`, and a scale for each column."""
    scales = np.abs(matrix).max(axis=0) / largest
    scales[scales == 0] = 1
    return np.rint(matrix / scales).astype(np.int8), scales.astype(np.float32)


def _layer(linear: "_Linear", shape: BertShape, name: str, state: str) -> str:
    graph, tensors = linear.graph, linear.tensors
    attended = _attend(linear, f"{name}.attention.self", state)
    attended = linear([f"{name}.attention.output.dense"], attended)
    state = _normalize(
        graph, tensors, shape, f"{name}.attention.output", graph.node("Add", [attended, state])
    )
    wide = graph.node("Gelu", [linear([f"{name}.intermediate.dense"], state)])
    narrow = linear([f"{name}.output.dense"], wide)
    return _normalize(graph, tensors, shape, f"{name}.output", graph.node("Add", [narrow, state]))


def _attend(linear: "_Linear", name: str, state: str) -> str:
    graph = linear.graph
    together = linear([f"{name}.{part}" for part in ("query", "key", "value")], state)
    parts = graph.nodes_of("Split", [together], 3, axis=2, num_outputs=3)
    query, key, value = (graph.node("Reshape", [part, "split_heads"]) for part in parts)
    query = graph.node("Transpose", [query], perm=[0, 2, 1, 3])
    key = graph.node("Transpose", [key], perm=[0, 2, 3, 1])
    value = graph.node("Transpose", [value], perm=[0, 2, 1, 3])
    scores = graph.node("Mul", [graph.node("MatMul", [query, key]), "scale"])
    shares = graph.node("Softmax", [scores], axis=3)
    mixed = graph.node("Transpose", [graph.node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
    return graph.node("Reshape", [mixed, "join_heads"])


def _normalize(graph: _Graph, tensors: Tensors, shape: BertShape, name: str, state: str) -> str:
    weight = graph.constant(f"{name}.norm", tensors[f"{name}.LayerNorm.weight"])
    bias = graph.constant(f"{name}.norm_bias", tensors[f"{name}.LayerNorm.bias"])
    return graph.node("LayerNormalization", [state, weight, bias], axis=-1, epsilon=shape.epsilon)


class _Linear:
    """Adds linear layers: several of the same input become one matrix."""

    def __init__(self, graph: _Graph, tensors: Tensors, precision: Precision) -> None:
        self.graph = graph
        self.tensors = tensors
        self._precision = precision

    def __call__(self, names: Sequence[str], state: str) -> str:
        graph = self.graph
        matrix = np.concatenate([self.tensors[f"{name}.weight"] for name in names]).T
        bias = np.concatenate([self.tensors[f"{name}.bias"] for name in names])
        if self._precision == "float32":
            weight = graph.constant(f"{names[0]}.matrix", matrix)
            product = graph.node("MatMul", [state, weight])
        else:
            product = self._multiply_small(names[0], matrix, state)
        return graph.node("Add", [product, graph.constant(f"{names[0]}.bias", bias)])

    def _multiply_small(self, name: str, matrix: npt.NDArray[np.float32], state: str) -> str:
        graph = self.graph
        small, scales = quantize(matrix)
        weight = graph.constant(f"{name}.matrix", small)
        row, row_scale, row_zero = graph.nodes_of("DynamicQuantizeLinear", [state], 3)
        whole = graph.node("MatMulInteger", [row, weight, row_zero])
        factor = graph.node("Mul", [row_scale, graph.constant(f"{name}.scales", scales)])
        whole = graph.node("Cast", [whole], to=onnx.TensorProto.FLOAT)
        return graph.node("Mul", [whole, factor])
