"""Folders, logits and gradients of small decoders with random weights, from transformers 5.24.0.

Usage: python tools/golden/models_decoders.py
       python tools/golden/models_decoders.py --check FOLDER   whether transformers opens a folder that savePretrained wrote
       python tools/golden/models_decoders.py --count          parameters of published sizes, without allocating them
Needs: torch==2.13.0 transformers==5.24.0 safetensors
Writes: packages/models/src/fixtures/decoders/*/

A folder is what save_pretrained writes, and expected.safetensors beside it:
  ids, mask            [B, T], the mask with padding at the left
  logits, padded       [B, T, V] without and with the mask; padded positions count for nothing
  logits.NAME          [B, T, V] with config.json changed as VARIANTS says
  cotangent            [B, T, V]
  gradient.NAME        of sum(logits * cotangent), plus 10 times the balance loss for mixtures, by transformers' names
  balance              the balance loss of mixtures
The weights are far larger than fresh ones, so that every part matters. float32 weights, computed in float64 (padded: float32).

--check: with expected.safetensors in the folder (ids, logits), the logits are compared, too.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).parents[2] / "packages/models/src/fixtures/decoders"
assert torch.__version__.startswith("2.13.0"), torch.__version__
assert transformers.__version__ == "5.24.0", transformers.__version__
transformers.logging.set_verbosity_error()

ROTARY = {
    "vocab_size": 29,
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 16,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
EXPERTS = {"num_experts_per_tok": 2, "num_hidden_layers": 2, "output_router_logits": True}

CASES = {
    "gpt2": {"model_type": "gpt2", "vocab_size": 29, "n_positions": 16, "n_embd": 16, "n_layer": 2, "n_head": 4,
             "n_inner": 20, "bos_token_id": 1, "eos_token_id": 2},
    "llama": {"model_type": "llama", **ROTARY, "tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True},
    "mistral": {"model_type": "mistral", **ROTARY, "head_dim": 6, "sliding_window": 3},
    "qwen2": {"model_type": "qwen2", **ROTARY, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    "qwen3": {"model_type": "qwen3", **ROTARY, "head_dim": 8, "tie_word_embeddings": True},
    "mixtral": {"model_type": "mixtral", **ROTARY, **EXPERTS, "intermediate_size": 8, "num_local_experts": 4,
                "sliding_window": 5},
    "qwen2-moe": {"model_type": "qwen2_moe", **ROTARY, **EXPERTS, "num_experts": 4, "moe_intermediate_size": 8,
                  "shared_expert_intermediate_size": 12, "mlp_only_layers": [0]},
    "qwen3-moe": {"model_type": "qwen3_moe", **ROTARY, **EXPERTS, "num_experts": 4, "moe_intermediate_size": 8, "head_dim": 6,
                  "norm_topk_prob": True},
}

# Changes to config.json that need no weights of their own.
VARIANTS = {
    "gpt2": {"exact": {"activation_function": "gelu"}, "relu": {"activation_function": "relu"}},
    "llama": {
        "linear": {"rope_scaling": {"rope_type": "linear", "factor": 4.0}},
        "dynamic": {"rope_scaling": {"rope_type": "dynamic", "factor": 4.0}, "max_position_embeddings": 5},
        "yarn": {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 200}},
        "yarnSharp": {"rope_scaling": {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 100,
                                       "beta_fast": 8.0, "beta_slow": 2.0, "truncate": False, "mscale": 0.7,
                                       "mscale_all_dim": 1.1}},
        "llama3": {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                    "original_max_position_embeddings": 16}},
    },
    "qwen2-moe": {"normalized": {"norm_topk_prob": True}},
}

# Parameters of these are counted in the tests.
PUBLISHED = {
    "smolLm135M": ("llama", dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                                 num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True)),
    "tinyLlama": ("llama", dict(hidden_size=2048, intermediate_size=5632, num_hidden_layers=22, num_key_value_heads=4)),
    "llama2Of7B": ("llama", dict()),
    "llama3Of1B": ("llama", dict(vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16,
                                 num_key_value_heads=8, tie_word_embeddings=True)),
    "llama3Of8B": ("llama", dict(vocab_size=128256, intermediate_size=14336, num_key_value_heads=8)),
    "mistral7B": ("mistral", dict()),
    "qwen2Of500M": ("qwen2", dict(hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
                                  num_key_value_heads=2, tie_word_embeddings=True)),
    "qwen2Of1500M": ("qwen2", dict(hidden_size=1536, intermediate_size=8960, num_hidden_layers=28, num_attention_heads=12,
                                   num_key_value_heads=2, tie_word_embeddings=True)),
    "qwen3Of600M": ("qwen3", dict(hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
                                  num_key_value_heads=8, head_dim=128, tie_word_embeddings=True)),
    "mixtral8x7B": ("mixtral", dict()),
    "qwen2MoeOf14B": ("qwen2_moe", dict(hidden_size=2048, moe_intermediate_size=1408, num_hidden_layers=24,
                                        num_attention_heads=16, num_key_value_heads=16, num_experts=60,
                                        shared_expert_intermediate_size=5632)),
    "qwen3MoeOf30B": ("qwen3_moe", dict(hidden_size=2048, moe_intermediate_size=768, num_hidden_layers=48,
                                        num_attention_heads=32, num_key_value_heads=4, head_dim=128, num_experts=128,
                                        num_experts_per_tok=8)),
}


def experts(config):
    """The grouped product has no float64."""
    return {"experts_implementation": "eager"} if hasattr(config, "num_experts_per_tok") else {}


def open_folder(folder, **changes):
    config = AutoConfig.from_pretrained(folder)
    for name, value in changes.items():
        setattr(config, name, value)
    model = AutoModelForCausalLM.from_pretrained(folder, config=config, attn_implementation="eager", **experts(config))
    return model.double().eval()


def changed(folder, changes):
    """config.json with changes goes through a file, as for whoever reads such a folder."""
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        path = Path(copy) / "config.json"
        config = json.loads(path.read_text())
        if "rope_scaling" in changes:
            config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
        path.write_text(json.dumps({**config, **changes}))
        return open_folder(copy)


def positions(mask):
    return (mask.cumsum(1) - 1).clamp(min=0)


def write(name, settings):
    folder = OUT / name
    torch.manual_seed(sum(map(ord, name)))
    config = AutoConfig.for_model(**settings)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            norm = "norm" in key or "ln_" in key
            router = "gate.weight" in key and "mlp" in key
            scale = 1.5 if router else 0.3
            parameter.copy_(torch.randn(parameter.shape) * (0.2 if norm else scale) + (1 if norm and "bias" not in key else 0))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()

    model = open_folder(folder)
    ids = torch.randint(3, 29, (2, 9))
    mask = torch.ones_like(ids)
    mask[1, :4] = 0
    mixture = hasattr(config, "num_experts_per_tok")
    result = model(ids)
    cotangent = torch.randn(result.logits.shape).float().double()
    loss = (result.logits * cotangent).sum()
    expected = {}
    if mixture:
        loss = loss + 10 * result.aux_loss
        expected["balance"] = result.aux_loss.detach()
    loss.backward()
    with torch.no_grad():
        # In float64 the softmax of rows without a key, in float32 as always, gives no numbers.
        padded = model.float()(ids, attention_mask=mask, position_ids=positions(mask)).logits
        for variant, changes in VARIANTS.get(name, {}).items():
            expected[f"logits.{variant}"] = changed(folder, changes)(ids).logits
    expected |= {"logits": result.logits.detach(), "padded": padded, "cotangent": cotangent}
    expected |= {f"gradient.{key}": value for key, value in stored_gradients(model).items()}
    tensors = {key: value.float().contiguous() for key, value in expected.items()}
    assert all(value.isfinite().all() for value in tensors.values()), name
    save_file({**tensors, "ids": ids.int(), "mask": mask.int()}, folder / "expected.safetensors")


def stored_gradients(model):
    """
    Gradients under the names of the folder: what was fused in memory is taken apart as save_pretrained does. They replace the
    weights, so this comes last.
    """

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.grad if parameter.grad is not None else torch.zeros_like(parameter))
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(Path(folder) / "model.safetensors")


def check(folder):
    config = AutoConfig.from_pretrained(folder)
    model, report = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, attn_implementation="eager",
                                                         **experts(config))
    problems = {key: sorted(value) for key, value in report.items() if value}
    print(f"{folder}: {type(model).__name__}, {sum(p.numel() for p in model.parameters()):,} parameters, {config.dtype}")
    assert not problems, problems
    beside = Path(folder) / "expected.safetensors"
    if beside.exists():
        expected = load_file(beside)
        with torch.no_grad():
            logits = model.double().eval()(expected["ids"].long()).logits
        error = (logits - expected["logits"]).abs().max() / expected["logits"].abs().max()
        print(f"  logits differ by {error:.1e} of the largest")
        assert error < 1e-4, error


def count():
    for name, (kind, settings) in PUBLISHED.items():
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings))
        print(f"{name}: {sum(parameter.numel() for parameter in model.parameters())}")


if "--check" in sys.argv:
    for folder in sys.argv[sys.argv.index("--check") + 1 :]:
        check(folder)
elif "--count" in sys.argv:
    count()
else:
    for name, settings in CASES.items():
        write(name, settings)
