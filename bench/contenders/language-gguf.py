"""Writes a Llama of 135 M random parameters as llama.cpp reads it: language-gguf.py FILE BITS (32, or 8 for Q8_0)."""
import os
import sys

import gguf
import numpy as np

file, bits = sys.argv[1], int(sys.argv[2])
layers, width, hidden, heads, key_heads, vocabulary = 30, 576, 1536, 9, 3, 49152
random = np.random.default_rng(0)
writer = gguf.GGUFWriter(file + ".part", "llama")
writer.add_context_length(8192)
writer.add_embedding_length(width)
writer.add_block_count(layers)
writer.add_feed_forward_length(hidden)
writer.add_head_count(heads)
writer.add_head_count_kv(key_heads)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_freq_base(100000.0)
writer.add_rope_dimension_count(width // heads)
writer.add_vocab_size(vocabulary)
# Tokens of single bytes and numbers: ids are all that is used.
writer.add_tokenizer_model("llama")
writer.add_token_list(["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + [f"t{i}" for i in range(vocabulary - 259)])
writer.add_token_scores([0.0] * vocabulary)
writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (vocabulary - 259))
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if bits == 8 else gguf.LlamaFileType.ALL_F32)


def matrix(name, rows, columns):
    values = random.uniform(-0.05, 0.05, (rows, columns)).astype(np.float32)
    if bits == 8:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, values)


matrix("token_embd.weight", vocabulary, width)  # also the output's
writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
for layer in range(layers):
    block = f"blk.{layer}"
    writer.add_tensor(f"{block}.attn_norm.weight", np.ones(width, np.float32))
    writer.add_tensor(f"{block}.ffn_norm.weight", np.ones(width, np.float32))
    matrix(f"{block}.attn_q.weight", width, width)
    matrix(f"{block}.attn_k.weight", width // heads * key_heads, width)
    matrix(f"{block}.attn_v.weight", width // heads * key_heads, width)
    matrix(f"{block}.attn_output.weight", width, width)
    matrix(f"{block}.ffn_gate.weight", hidden, width)
    matrix(f"{block}.ffn_up.weight", hidden, width)
    matrix(f"{block}.ffn_down.weight", width, hidden)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
os.rename(file + ".part", file)
print(1)
