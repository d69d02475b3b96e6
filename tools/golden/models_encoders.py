"""Small random encoders and encoder-decoders of Python's transformers and PyTorch, with logits and gradients.

Usage: python tools/golden/models_encoders.py
Needs: torch==2.13.0 transformers==5.24.0 sentence-transformers==6.2.0 safetensors
Writes: packages/models/src/fixtures/encoders/<case>/{config.json, model.safetensors, expected.safetensors} and
        packages/models/src/fixtures/encoders/t5-buckets.json

A case is a folder as `save_pretrained` writes it. `expected.safetensors` holds `inputs.*`, `outputs.*`, `cotangents.*` and
`gradients.<name in model.safetensors>`: those of sum(outputs * cotangents), computed in float64. Cotangents are 0 at padding, as
losses are, because PyTorch gives the embedding of the padding token no gradient.
"""

import json
import shutil
from pathlib import Path

import sentence_transformers
import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers.sentence_transformer.modules import Pooling
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    MarianConfig,
    MarianMTModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForQuestionAnswering,
    RobertaForSequenceClassification,
    RobertaForTokenClassification,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.models.t5.modeling_t5 import T5Attention

OUT = Path(__file__).parents[2] / "packages/models/src/fixtures/encoders"

assert torch.__version__.startswith("2.13."), torch.__version__
assert transformers.__version__ == "5.24.0", transformers.__version__
assert sentence_transformers.__version__ == "6.2.0", sentence_transformers.__version__
transformers.logging.set_verbosity_error()
torch.manual_seed(20261124)

VOCABULARY = 23
LENGTHS = [7, 4]


def randomize(model):
    """Weights large enough that attention is far from even and no bias is 0."""
    for name, parameter in model.named_parameters():
        if "positions" in name or not parameter.requires_grad:
            continue
        norm = "norm" in name.lower() and name.endswith("weight")
        parameter.data = torch.randn_like(parameter) * (0.2 if norm else 0.4) + (1.0 if norm else 0.0)
    return model.eval()


def rounded(tensor):
    return tensor.detach().to(torch.int32 if not tensor.is_floating_point() else torch.float32).contiguous().clone()


def ids(lengths, padding, first=2):
    """Rows of different length, padded on the right: ids and mask [B, T]."""
    rows = torch.full((len(lengths), max(lengths)), padding)
    mask = torch.zeros_like(rows)
    for row, length in enumerate(lengths):
        rows[row, :length] = torch.randint(first, VOCABULARY, (length,))
        mask[row, :length] = 1
    return rows, mask


def cotangents(outputs, masks):
    """0 at padding, by the mask whose rows and columns are the output's."""
    found = {}
    for name, output in outputs.items():
        values = torch.randn_like(output)
        for mask in masks:
            if output.shape[:2] == mask.shape:
                values = values * mask.reshape(*mask.shape, *([1] * (output.dim() - 2)))
        found[name] = values
    return found


def write(folder, inputs, outputs, given, gradients):
    tensors = {f"inputs.{name}": rounded(value) for name, value in inputs.items()}
    tensors |= {f"outputs.{name}": rounded(value) for name, value in outputs.items()}
    tensors |= {f"cotangents.{name}": rounded(value) for name, value in given.items()}
    tensors |= {f"gradients.{name}": rounded(value) for name, value in gradients.items()}
    save_file(tensors, folder / "expected.safetensors")


def fresh(case):
    folder = OUT / case
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def saved_names(folder):
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "pt") as file:
        return set(file.keys())


def hf_case(case, model, inputs, read, *masks):
    """`read` picks outputs, by name, from what the model gives."""
    folder = fresh(case)
    randomize(model).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    model.double()
    outputs = read(model(**inputs))
    given = cotangents(outputs, masks)
    sum((output * given[name]).sum() for name, output in outputs.items()).backward()
    names = saved_names(folder)
    gradients = {
        name: parameter.grad for name, parameter in model.named_parameters() if name in names and parameter.grad is not None
    }
    write(folder, inputs, outputs, given, gradients)


def encoders():
    rows, mask = ids(LENGTHS, padding=0)
    types = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 0]])
    bert_inputs = {"input_ids": rows, "attention_mask": mask, "token_type_ids": types}
    sizes = dict(
        vocab_size=VOCABULARY,
        hidden_size=12,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=12,
        attn_implementation="eager",
    )
    bert = lambda **more: BertConfig(**sizes, **({"num_hidden_layers": 1} | more))
    span = lambda out: {"start": out.start_logits, "end": out.end_logits}
    logits = lambda out: {"logits": out.logits}
    hf_case("bert", BertModel(bert(num_hidden_layers=2)), bert_inputs, lambda o: {"hidden": o.last_hidden_state, "pooled": o.pooler_output}, mask)
    hf_case("bert-masked-lm", BertForMaskedLM(bert()), bert_inputs, logits, mask)
    hf_case("bert-sequence-classification", BertForSequenceClassification(bert(num_labels=3)), bert_inputs, logits, mask)
    hf_case("bert-token-classification", BertForTokenClassification(bert(num_labels=4)), bert_inputs, logits, mask)
    hf_case("bert-question-answering", BertForQuestionAnswering(bert()), bert_inputs, span, mask)

    rows, mask = ids(LENGTHS, padding=1)
    roberta_inputs = {"input_ids": rows, "attention_mask": mask}
    ends = dict(type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    roberta = lambda **more: RobertaConfig(
        **sizes, **ends, **({"num_hidden_layers": 1} | more)
    )
    hf_case("roberta-masked-lm", RobertaForMaskedLM(roberta(num_hidden_layers=2)), roberta_inputs, logits, mask)
    hf_case("roberta-sequence-classification", RobertaForSequenceClassification(roberta(num_labels=3)), roberta_inputs, logits, mask)
    hf_case("roberta-token-classification", RobertaForTokenClassification(roberta(num_labels=4)), roberta_inputs, logits, mask)
    hf_case("roberta-question-answering", RobertaForQuestionAnswering(roberta()), roberta_inputs, span, mask)


def sequence_to_sequence():
    rows, mask = ids(LENGTHS, padding=0)
    targets, target_mask = ids([6, 3], padding=0)
    inputs = {"input_ids": rows, "attention_mask": mask, "decoder_input_ids": targets}
    read = lambda out: {"logits": out.logits, "memory": out.encoder_last_hidden_state}
    sizes = dict(
        vocab_size=VOCABULARY,
        d_model=8,
        d_kv=3,
        d_ff=12,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=2,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=6,
        decoder_start_token_id=0,
        attn_implementation="eager",
    )
    hf_case("t5", T5ForConditionalGeneration(T5Config(**sizes)), inputs, read, mask, target_mask)
    model = T5ForConditionalGeneration(T5Config(**sizes, feed_forward_proj="gated-gelu", tie_word_embeddings=False))
    model.lm_head.weight = nn.Parameter(torch.randn(VOCABULARY, 8))
    hf_case("t5-v1.1", model, inputs, read, mask, target_mask)

    sizes = dict(
        vocab_size=VOCABULARY,
        d_model=8,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=4,
        encoder_ffn_dim=12,
        decoder_ffn_dim=10,
        max_position_embeddings=16,
        activation_function="relu",
        scale_embedding=True,
        pad_token_id=0,
        eos_token_id=1,
        forced_eos_token_id=1,
        decoder_start_token_id=0,
        attn_implementation="eager",
    )
    model = MarianMTModel(MarianConfig(**sizes))
    model.final_logits_bias.normal_()
    hf_case("marian", model, inputs, read, mask, target_mask)


def torch_transformer(case, normalize_first):
    """nn.Transformer on vectors: its source and target stand for embedded tokens."""
    folder = fresh(case)
    width, heads, hidden = 8, 2, 12
    options = dict(d_model=width, nhead=heads, dim_feedforward=hidden, dropout=0.0, batch_first=True, norm_first=normalize_first)
    final = lambda: nn.LayerNorm(width) if normalize_first else None
    model = nn.Transformer(
        width,
        heads,
        custom_encoder=nn.TransformerEncoder(nn.TransformerEncoderLayer(**options), 2, final(), enable_nested_tensor=False),
        custom_decoder=nn.TransformerDecoder(nn.TransformerDecoderLayer(**options), 2, final()),
        batch_first=True,
    )
    randomize(model)
    save_file({name: rounded(value) for name, value in model.named_parameters()}, folder / "model.safetensors")
    model.double()
    source = torch.randn(2, 7, width, dtype=torch.float64)
    target = torch.randn(2, 5, width, dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0]])
    output = model(
        source,
        target,
        tgt_mask=nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64),
        src_key_padding_mask=mask == 0,
        memory_key_padding_mask=mask == 0,
    )
    given = {"output": torch.randn_like(output)}
    (output * given["output"]).sum().backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    write(folder, {"source": source, "target": target, "mask": mask}, {"output": output}, given, gradients)


def pooling():
    folder = fresh("pooling")
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]])
    hidden = torch.randn(3, 5, 6)
    outputs = {}
    for mode in ["cls", "max", "mean", "mean_sqrt_len_tokens", "lasttoken"]:
        pool = Pooling(6, pooling_mode=mode)
        outputs[mode] = pool({"token_embeddings": hidden, "attention_mask": mask})["sentence_embedding"]
    write(folder, {"hidden": hidden, "mask": mask}, outputs, {}, {})


def buckets():
    positions = torch.arange(-300, 301)
    found = []
    for bidirectional in [True, False]:
        for count, distance in [(32, 128), (8, 6), (16, 50)]:
            values = T5Attention._relative_position_bucket(positions, bidirectional, count, distance)
            found.append(
                {"bidirectional": bidirectional, "buckets": count, "distance": distance, "values": values.tolist()}
            )
    text = json.dumps({"from": -300, "cases": found}, separators=(",", ":"))
    (OUT / "t5-buckets.json").write_text(text + "\n")


encoders()
sequence_to_sequence()
torch_transformer("torch-post-norm", normalize_first=False)
torch_transformer("torch-pre-norm", normalize_first=True)
pooling()
buckets()
