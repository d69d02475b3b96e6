"""The same training by transformers on PyTorch, eager or compiled; prints tokens per second."""
import json
import sys
import time

import torch
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

settings = json.loads(sys.argv[-1])
batch, length, vocabulary = settings["batch"], settings["time"], settings["vocabulary"]
torch.manual_seed(0)
torch.set_num_threads(settings["threads"])
ids = (torch.arange(batch * length) * 31 % vocabulary).view(batch, length)
if settings["shape"] == "bert":
    model = BertForSequenceClassification(BertConfig(hidden_dropout_prob=0, attention_probs_dropout_prob=0, num_labels=2))
    targets = torch.arange(batch) % 2
else:
    model = GPT2LMHeadModel(GPT2Config(
        vocab_size=vocabulary, n_positions=length, n_layer=settings["layers"], n_head=settings["heads"],
        n_embd=settings["width"], resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0,
    ))
    targets = ids.flatten() * 17 % vocabulary
model.train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
forward = torch.compile(model) if settings.get("way") == "compile" else model


def step():
    optimizer.zero_grad()
    logits = forward(ids).logits
    loss = functional.cross_entropy(logits.view(-1, logits.shape[-1]), targets)
    loss.backward()
    optimizer.step()
    loss.item()


step()
warm = time.perf_counter() + settings["seconds"] * 0.25
while time.perf_counter() < warm:
    step()
started, tokens = time.perf_counter(), 0
while time.perf_counter() - started < settings["seconds"]:
    step()
    tokens += batch * length
print(tokens / (time.perf_counter() - started))
