"""Sampling filters, penalties and beam search of transformers 5.24.0 (torch 2.13.0), on random logits and tables.

Usage: python tools/golden/models_generation.py
Needs: torch==2.13.0 transformers==5.24.0
Writes: packages/models/src/generation/fixtures/processors.json
        packages/models/src/generation/fixtures/beams.json
        packages/models/src/generation/fixtures/sequences.json

processors.json: each case has logits [V], the ids before, the settings in the names of generation_config.json, and the logits
after all processors; null is -Infinity.

beams.json: a random GPT-2 and a random T5 of two layers give the logits after every sequence that a beam search asked for, so that
the search itself can be compared without the network; then the sequences and scores of transformers' own search. The order
of a model's logits is kept in `tables`: ids, joined by spaces, to logits rounded to 4 digits; the search ran on the rounded ones.

sequences.json: what transformers generates with the encoder–decoder folders that models_encoders.py made, greedily and by beams,
from sources of different lengths.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForSeq2SeqLM, GenerationConfig, GPT2Config, GPT2LMHeadModel, LogitsProcessorList, T5Config, T5ForConditionalGeneration
from transformers.generation import logits_process as p

OUT = Path(__file__).parents[2] / "packages/models/src/generation/fixtures"
assert torch.__version__.startswith("2.13."), torch.__version__
assert transformers.__version__ == "5.24.0", transformers.__version__
torch.manual_seed(20261124)
OUT.mkdir(parents=True, exist_ok=True)


def written(row):
    return [None if value == float("-inf") else float(f"{value:.7g}") for value in row.tolist()]


BUILD = {
    "repetition_penalty": p.RepetitionPenaltyLogitsProcessor,
    "no_repeat_ngram_size": p.NoRepeatNGramLogitsProcessor,
    "bad_words_ids": p.NoBadWordsLogitsProcessor,
    "temperature": p.TemperatureLogitsWarper,
    "top_k": p.TopKLogitsWarper,
    "top_p": p.TopPLogitsWarper,
    "min_p": p.MinPLogitsWarper,
    "typical_p": p.TypicalLogitsWarper,
    "epsilon_cutoff": p.EpsilonLogitsWarper,
    "eta_cutoff": lambda value: p.EtaLogitsWarper(value, device="cpu"),
}


def processed(logits, ids, settings):
    """In the order of transformers' generate: penalties and bans, then warpers."""
    processors = LogitsProcessorList()
    for name, build in BUILD.items():
        if name in settings:
            processors.append(build(settings[name]))
    return processors(torch.tensor([ids]), logits[None].clone())[0]


cases = []
settings_of_cases = [
    {"temperature": 0.7},
    {"top_k": 1},
    {"top_k": 5},
    {"top_p": 0.9},
    {"top_p": 0.3},
    {"min_p": 0.1},
    {"min_p": 0.5},
    {"typical_p": 0.2},
    {"typical_p": 0.9},
    {"epsilon_cutoff": 0.02},
    {"epsilon_cutoff": 0.9},
    {"eta_cutoff": 0.05},
    {"eta_cutoff": 0.3},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8},
    {"no_repeat_ngram_size": 1},
    {"no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 3},
    {"bad_words_ids": [[3], [1, 7], [2, 5, 9], [4, 4]]},
    {"temperature": 1.5, "top_k": 20, "top_p": 0.8, "min_p": 0.05},
    {"temperature": 0.6, "top_k": 12, "top_p": 0.95, "typical_p": 0.9, "epsilon_cutoff": 0.01, "eta_cutoff": 0.02},
    {"repetition_penalty": 1.2, "no_repeat_ngram_size": 2, "bad_words_ids": [[0]], "temperature": 0.9, "top_p": 0.9},
]
for settings in settings_of_cases:
    for scale in (1.0, 4.0):
        size = 40
        logits = torch.tensor([float(f"{value:.5g}") for value in (torch.randn(size) * scale).tolist()])
        ids = torch.randint(0, 10, (24,)).tolist() + [2, 5]
        after = processed(logits, ids, settings)
        cases.append({"settings": settings, "logits": written(logits), "ids": ids, "after": written(after)})
(OUT / "processors.json").write_text(
    json.dumps({"source": f"transformers {transformers.__version__}, torch {torch.__version__}", "cases": cases}, separators=(",", ":")) + "\n"
)


def recording(model, table, ends):
    """Makes ends likelier, rounds the model's logits and keeps them, by the decoder's ids."""
    forward = model.forward

    def wrapped(*args, **kwargs):
        ids = kwargs["decoder_input_ids"] if "decoder_input_ids" in kwargs else kwargs["input_ids"]
        kwargs["past_key_values"] = None
        kwargs["use_cache"] = False
        out = forward(*args, **kwargs)
        logits = out.logits[:, -1].detach()
        logits[:, ends] += 1
        rounded = torch.tensor([[float(f"{value:.4g}") for value in row] for row in logits.tolist()])
        for row, values in zip(ids.tolist(), rounded.tolist()):
            table[" ".join(map(str, row))] = values
        out.logits = out.logits.detach().clone()
        out.logits[:, -1] = rounded
        return out

    model.forward = wrapped


searches = []
options_of_searches = [
    {"num_beams": 3},
    {"num_beams": 4, "num_return_sequences": 3, "length_penalty": 2.0},
    {"num_beams": 3, "early_stopping": True, "num_return_sequences": 3},
    {"num_beams": 3, "early_stopping": "never", "length_penalty": 0.5},
    {"num_beams": 2, "length_penalty": -1.0, "num_return_sequences": 2},
    {"num_beams": 4, "no_repeat_ngram_size": 2, "repetition_penalty": 1.2, "num_return_sequences": 2},
]
size = 11
gpt2 = GPT2LMHeadModel(
    GPT2Config(vocab_size=size, n_positions=64, n_embd=16, n_layer=2, n_head=2, initializer_range=0.5, tie_word_embeddings=False, bos_token_id=0, eos_token_id=10)
).eval()
t5 = T5ForConditionalGeneration(
    T5Config(vocab_size=size, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, tie_word_embeddings=False, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)
).eval()
with torch.no_grad():
    t5.shared.weight.mul_(2)
    t5.lm_head.weight.normal_(0, 0.5)
for kind, model in (("gpt2", gpt2), ("t5", t5)):
    for index, options in enumerate(options_of_searches):
        for ends in ([10], [10, 4]) if kind == "gpt2" else ([1],):
            table = {}
            original = model.forward
            recording(model, table, ends)
            prompt = torch.randint(2, 9, (1, 4))
            with torch.no_grad():
                out = model.generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    generation_config=GenerationConfig(
                        max_new_tokens=8, do_sample=False, eos_token_id=ends, pad_token_id=0, decoder_start_token_id=0, use_cache=False, **options
                    ),
                    return_dict_in_generate=True,
                    output_scores=True,
                )
            model.forward = original
            start = prompt[0].tolist() if kind == "gpt2" else [0]
            sequences = []
            for sequence in out.sequences.tolist():
                generated = sequence[len(start) :]
                stops = [at for at, token in enumerate(generated) if token in ends]
                sequences.append(generated[: stops[0] + 1] if stops else generated)
            searches.append(
                {
                    "model": kind,
                    "settings": {"do_sample": False, "max_new_tokens": 8, "eos_token_id": ends, **options},
                    "prompt": start,
                    "table": table,
                    "sequences": sequences,
                    "scores": [float(f"{value:.6g}") for value in out.sequences_scores.tolist()],
                }
            )
(OUT / "beams.json").write_text(
    json.dumps({"source": f"transformers {transformers.__version__}, torch {torch.__version__}", "searches": searches}, separators=(",", ":")) + "\n"
)

generated = []
for name in ("t5", "t5-v1.1", "marian"):
    model = AutoModelForSeq2SeqLM.from_pretrained(OUT.parents[1] / "fixtures/encoders" / name, dtype=torch.float32).eval()
    model.generation_config = GenerationConfig()  # Marian's would force an end
    padding = model.config.pad_token_id
    sources = [torch.randint(2, model.config.vocab_size - 2, (length,)).tolist() for length in (6, 3, 5)]
    ids = torch.full((3, 6), padding)
    mask = torch.zeros_like(ids)
    for row, source in enumerate(sources):
        ids[row, : len(source)] = torch.tensor(source)
        mask[row, : len(source)] = 1
    for options in ({"num_beams": 1, "no_repeat_ngram_size": 2}, {"num_beams": 3, "length_penalty": 0.8, "no_repeat_ngram_size": 2}):
        config = GenerationConfig(
            max_new_tokens=10,
            do_sample=False,
            eos_token_id=model.config.eos_token_id,
            pad_token_id=padding,
            decoder_start_token_id=model.config.decoder_start_token_id,
            **options,
        )
        with torch.no_grad():
            out = model.generate(ids, attention_mask=mask, generation_config=config, return_dict_in_generate=True, output_scores=True)
        sequences = []
        for sequence in out.sequences[:, 1:].tolist():
            stops = [at for at, token in enumerate(sequence) if token == config.eos_token_id]
            sequences.append(sequence[: stops[0] + 1] if stops else sequence[:10])
        scores = [float(f"{value:.6g}") for value in out.sequences_scores.tolist()] if options["num_beams"] > 1 else None
        generated.append(
            {"folder": name, "sources": sources, "settings": {"max_new_tokens": 10, "eos_token_id": config.eos_token_id, **options}, "sequences": sequences, "scores": scores}
        )
(OUT / "sequences.json").write_text(
    json.dumps({"source": f"transformers {transformers.__version__}, torch {torch.__version__}", "generated": generated}, separators=(",", ":")) + "\n"
)
