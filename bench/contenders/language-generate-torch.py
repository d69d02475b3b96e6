"""The same Llama by transformers on PyTorch, eager or compiled, float32 or its linear layers in int8; prints tokens per second."""
import json
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.cache_utils import DynamicCache, StaticCache

settings = json.loads(sys.argv[-1])
prompt_length, written, vocabulary = settings["time"], 128, 49152
torch.manual_seed(0)
model = LlamaForCausalLM(LlamaConfig(
    vocab_size=vocabulary, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, max_position_embeddings=8192, rope_theta=100000.0, tie_word_embeddings=True,
)).eval()
compiled = settings.get("way") == "compile"
if settings["bits"] == 8:
    model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
step = torch.compile(model) if compiled else model
prompt = torch.tensor([[3 + i * 37 % (vocabulary - 3) for i in range(prompt_length)]])
total, tokens, turn = 0.0, 0, 0
with torch.inference_mode():
    while turn < 2 or total < settings["seconds"]:
        # A compiled model needs shapes that stay.
        cache = StaticCache(config=model.config, max_cache_len=prompt_length + written) if compiled else DynamicCache()
        began = time.perf_counter()
        model(prompt, past_key_values=cache, use_cache=True, logits_to_keep=1)
        if settings["phase"] == "decode":
            began = time.perf_counter()
            for at in range(written):
                token = torch.tensor([[3 + (prompt_length + at) * 37 % (vocabulary - 3)]])
                position = torch.tensor([prompt_length + at])
                step(token, past_key_values=cache, use_cache=True, cache_position=position)
        turn += 1
        if turn == 1:
            continue
        total += time.perf_counter() - began
        tokens += written if settings["phase"] == "decode" else prompt_length
print(tokens / total)
