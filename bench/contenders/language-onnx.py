"""
Writes a Llama of 135 M random parameters as transformers.js reads it: language-onnx.py FOLDER BITS, 32 or 8 (dynamic quantisation).

Of onnxruntime's fused operators: q, k and v in one product, attention with rotation and cache in one operator, norms that add what
skips them.
"""
import json
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

folder, bits = sys.argv[1], int(sys.argv[2])
layers, width, hidden, heads, key_heads, vocabulary, context = 30, 576, 1536, 9, 3, 49152, 8192
head = width // heads
random = np.random.default_rng(0)
nodes, initializers, inputs, outputs = [], [], [], []


def constant(name, values):
    initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def node(operator, *arguments, results=1, **attributes):
    """The name of its last result."""
    name = f"{operator}_{len(nodes)}"
    names = [name] if results == 1 else [f"{name}.{at}" for at in range(results)]
    nodes.append(helper.make_node(operator, arguments, names, name, **attributes))
    return names[-1]


def matmul(x, name, rows, columns):
    values = random.uniform(-0.05, 0.05, (rows, columns)).astype(np.float32)
    return node("MatMul", x, constant(f"{name}.weight", values))


def skip_norm(x, skip, name):
    """(normed, sum)"""
    normed, total = f"{name}.normed", f"{name}.sum"
    gain = constant(f"{name}.weight", np.ones(width, np.float32))
    nodes.append(helper.make_node(
        "SkipSimplifiedLayerNormalization", [x, skip, gain], [normed, "", "", total], name, domain="com.microsoft", epsilon=1e-5,
    ))
    return normed, total


for name in ("input_ids", "attention_mask"):
    length = "sequence_length" if name == "input_ids" else "total_sequence_length"
    inputs.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["batch_size", length]))
inputs.append(helper.make_tensor_value_info("num_logits_to_keep", TensorProto.INT64, []))

axis, one, last = (constant(name, np.array([value], np.int64)) for name, value in (("axis", 1), ("one", 1), ("last", 2**63 - 1)))
keys = node("Cast", node("Sub", node("ReduceSum", "attention_mask", axis, keepdims=0), one), to=TensorProto.INT32)
total = node("Cast", node("Gather", node("Shape", "attention_mask"), constant("second", np.array(1, np.int64))), to=TensorProto.INT32)
angles = np.outer(np.arange(context), 1 / 100000.0 ** (np.arange(0, head, 2) / head))
cosines = constant("cosines", np.cos(angles).astype(np.float32))
sines = constant("sines", np.sin(angles).astype(np.float32))

table = random.uniform(-0.05, 0.05, (vocabulary, width)).astype(np.float32)
x = node("Gather", constant("embed_tokens.weight", table), "input_ids")
normed = node("SimplifiedLayerNormalization", x, constant("norm.weight", np.ones(width, np.float32)), axis=-1, epsilon=1e-5)
for layer in range(layers):
    block = f"layers.{layer}"
    qkv = matmul(normed, f"{block}.qkv", width, (heads + 2 * key_heads) * head)
    past, present = ([f"{kind}.{layer}.{part}" for part in ("key", "value")] for kind in ("past_key_values", "present"))
    for names, infos, length in ((past, inputs, "past_sequence_length"), (present, outputs, "total_sequence_length")):
        infos.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch_size", key_heads, length, head]) for name in names
        )
    nodes.append(helper.make_node(
        "GroupQueryAttention", [qkv, "", "", *past, keys, total, cosines, sines], [f"{block}.attention", *present],
        f"{block}.attention", domain="com.microsoft", num_heads=heads, kv_num_heads=key_heads, do_rotary=1,
    ))
    attended = matmul(f"{block}.attention", f"{block}.output", width, width)
    normed, x = skip_norm(x, attended, f"{block}.middle_norm")
    gate, up = matmul(normed, f"{block}.gate", width, hidden), matmul(normed, f"{block}.up", width, hidden)
    gated = node("Mul", node("Mul", gate, node("Sigmoid", gate)), up)
    normed, x = skip_norm(x, matmul(gated, f"{block}.down", hidden, width), f"{block}.last_norm")

start = node("Neg", node("Reshape", "num_logits_to_keep", one))
kept = node("Slice", normed, start, last, axis)
nodes.append(helper.make_node("MatMul", [kept, constant("lm_head.weight", table.T)], ["logits"], "lm_head"))
outputs.insert(0, helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch_size", "kept", vocabulary]))

graph = helper.make_graph(nodes, "llama", inputs, outputs, initializers)
opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
os.makedirs(f"{folder}/onnx", exist_ok=True)
with open(f"{folder}/config.json", "w") as config:
    json.dump({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": vocabulary, "hidden_size": width,
        "intermediate_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": key_heads,
        "max_position_embeddings": context, "rope_theta": 100000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
        "bos_token_id": 1, "eos_token_id": 2,
    }, config)
file = f"{folder}/onnx/{'model' if bits == 32 else 'model_quantized'}.onnx"
if bits == 32:
    onnx.save(model, file + ".part")
else:
    # Weights of seven bits: without VNNI, sums of pairs of products saturate.
    options = {"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT}
    quantize_dynamic(model, file + ".part", weight_type=QuantType.QInt8, reduce_range=True, extra_options=options)
os.rename(file + ".part", file)
print(1)
