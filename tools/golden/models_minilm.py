"""Embeddings of 100 sentences by sentence-transformers with the pretrained all-MiniLM-L6-v2.

Usage: python tools/golden/models_minilm.py FOLDER   (FOLDER as tools/pretrained/minilm.mjs prints it)
Needs: torch==2.13.0 transformers==5.24.0 sentence-transformers==6.2.0
Reads: packages/models/src/fixtures/minilm/sentences.json, written for this
Writes: packages/models/src/fixtures/minilm/expected.safetensors: `ids` of all sentences one after another, `lengths`, and
        `embeddings` [100, 384] in half precision (their cosines are off by less than 1e-7)
"""

import json
import sys
from pathlib import Path

import sentence_transformers
import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer

OUT = Path(__file__).parents[2] / "packages/models/src/fixtures/minilm"

assert torch.__version__.startswith("2.13."), torch.__version__
assert transformers.__version__ == "5.24.0", transformers.__version__
assert sentence_transformers.__version__ == "6.2.0", sentence_transformers.__version__

sentences = json.loads((OUT / "sentences.json").read_text())
model = SentenceTransformer(sys.argv[1], device="cpu")
embeddings = torch.from_numpy(model.encode(sentences, batch_size=16))
ids = [model.tokenizer(text, truncation=True, max_length=model.max_seq_length)["input_ids"] for text in sentences]
half = embeddings.half()
print("lengths", [len(row) for row in ids], "worst cosine", torch.cosine_similarity(embeddings, half.float()).min().item())
save_file(
    {
        "ids": torch.tensor([token for row in ids for token in row], dtype=torch.int32),
        "lengths": torch.tensor([len(row) for row in ids], dtype=torch.int32),
        "embeddings": half,
    },
    OUT / "expected.safetensors",
)
