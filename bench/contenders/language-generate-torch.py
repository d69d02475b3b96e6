"""
The same Llama by transformers on PyTorch, eager or compiled, float32 or its linear layers in int8; prints tokens per
second of a prompt and of what follows it.
"""
import json
import sys
import time

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.cache_utils import DynamicCache, StaticCache

settings = json.loads(sys.argv[-1])
prompt_length, written, vocabulary = settings["time"], 128, 49152
torch.manual_seed(0)
torch.set_num_threads(settings["threads"])
model = LlamaForCausalLM(LlamaConfig(
    vocab_size=vocabulary, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, max_position_embeddings=8192, rope_theta=100000.0, tie_word_embeddings=True,
)).eval()
compiled = settings.get("way") == "compile"
if settings["bits"] == 8:
    model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
step = torch.compile(model) if compiled else model


def token(at):
    return 3 + at * 37 % (vocabulary - 3)


prompt = torch.tensor([[token(at) for at in range(prompt_length)]])
# A compiled model needs shapes and places that stay.
static = StaticCache(config=model.config, max_cache_len=prompt_length + written) if compiled else None


def turn(length):
    """Seconds of the prompt and of `length` tokens after it."""
    cache = static or DynamicCache()
    if static:
        static.reset()
    began = time.perf_counter()
    model(prompt, cache=cache, use_cache=True, logits_to_keep=1)
    between = time.perf_counter()
    for at in range(length):
        step(torch.tensor([[token(prompt_length + at)]]), cache=cache, use_cache=True)
    return np.array([between - began, time.perf_counter() - between])


with torch.inference_mode():
    turn(8)  # to warm up
    spent, turns = np.zeros(2), 0
    while spent.sum() < settings["seconds"]:
        spent += turn(written)
        turns += 1
print(*turns * np.array([prompt_length, written]) / spent)
