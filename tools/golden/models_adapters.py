"""Adapters of Python's PEFT for packages/models/src/adapters/fixtures: folders of tiny models and adapters, outputs and gradients.

    pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    python tools/golden/models_adapters.py            # writes the fixtures
    python tools/golden/models_adapters.py FOLDER     # checks folders that the unit test wrote (NACRE_ADAPTERS=FOLDER)
"""
import json
import pathlib
import shutil
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

here = pathlib.Path(__file__).parents[2] / "packages/models/src/adapters/fixtures"
ids = torch.tensor([[5, 3, 17, 8, 2, 30], [9, 9, 1, 0, 12, 4]])
no_dropout = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0}


def gpt2():
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=32, n_positions=8, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0, **no_dropout)
    return GPT2LMHeadModel(config)


def bert():
    torch.manual_seed(2)
    config = BertConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=8, num_labels=3, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )
    return BertForSequenceClassification(config)


cases = {
    "gpt2-lora": ("gpt2", gpt2, GPT2LMHeadModel, LoraConfig(r=4, lora_alpha=6, target_modules=["c_attn", "c_fc", "mlp.c_proj"], fan_in_fan_out=True, task_type="CAUSAL_LM")),
    "gpt2-rslora": ("gpt2", gpt2, GPT2LMHeadModel, LoraConfig(r=3, lora_alpha=5, use_rslora=True, target_modules=["attn.c_proj", "c_fc"], rank_pattern={"c_fc": 2}, alpha_pattern={"c_fc": 7}, fan_in_fan_out=True, task_type="CAUSAL_LM")),
    "gpt2-dora": ("gpt2", gpt2, GPT2LMHeadModel, LoraConfig(r=2, lora_alpha=4, use_dora=True, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True, task_type="CAUSAL_LM")),
    "bert-dora": ("bert", bert, BertForSequenceClassification, LoraConfig(r=2, lora_alpha=4, use_dora=True, target_modules=["query", "value"], modules_to_save=["classifier"], task_type="SEQ_CLS")),
}


def write():
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    expected = {"ids": ids.tolist(), "cases": {}}
    for base, make in {"gpt2": gpt2, "bert": bert}.items():
        make().eval().save_pretrained(here / base)
    for name, (base, make, _, config) in cases.items():
        plain = make().eval()
        before = plain(ids).logits.tolist()
        model = get_peft_model(plain, config)
        torch.manual_seed(3)
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "lora_" in key:
                    # Lengths far from those of the weights, so that they matter.
                    parameter.copy_(parameter * 1.5 + 0.1 if "magnitude" in key else torch.randn_like(parameter) * 0.3)
                elif "modules_to_save" in key:
                    parameter.copy_(torch.randn_like(parameter))
        model.train()
        logits = model(ids).logits
        (logits**2).mean().backward()
        gradients = {
            key.replace("base_model.model.", "").replace(".default", ""): parameter.grad.tolist()
            for key, parameter in model.named_parameters()
            if parameter.grad is not None and ("lora_" in key)
        }
        model.save_pretrained(here / name)
        (here / name / "README.md").unlink(missing_ok=True)
        expected["cases"][name] = {"base": base, "before": before, "after": logits.tolist(), "gradients": gradients}
    (here / "expected.json").write_text(json.dumps(expected) + "\n")
    for config in here.glob("*/adapter_config.json"):
        content = json.loads(config.read_text())
        content["base_model_name_or_path"] = None
        config.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def check(folder):
    for name, (base, make, kind, _) in cases.items():
        expected = json.loads((here / "expected.json").read_text())["cases"][name]["after"]
        model = PeftModel.from_pretrained(make().eval(), folder / name).eval()
        difference = (model(ids).logits - torch.tensor(expected)).abs().max().item()
        print(f"{name}: PEFT opens what was written here; largest difference {difference:.2e}")
        assert difference < 1e-5


if len(sys.argv) > 1:
    check(pathlib.Path(sys.argv[1]))
else:
    write()
