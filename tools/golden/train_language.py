"""Losses of language models, Muon and schedules for packages/train/src/fixtures/language.json.

torch==2.13.0, transformers==5.24.0, float64. Run: python tools/golden/train_language.py
DPO and IPO are restated from Rafailov et al. 2023, equation 7 (with Mitchell's label smoothing), and Azar et al. 2023, equation 17.
torch's Muon orthogonalises in bfloat16; here its casts are taken away, so that the numbers are those of the algorithm.
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from transformers.loss.loss_utils import ForCausalLMLoss
from transformers.optimization import get_cosine_with_min_lr_schedule_with_warmup, get_wsd_schedule

torch.manual_seed(4)
torch.set_default_dtype(torch.float64)


def with_gradients(loss, *tensors):
    value = loss(*tensors)
    return {"loss": value.item(), "gradients": [g.tolist() for g in torch.autograd.grad(value, tensors)]}


def parameter(*shape, scale=1.5):
    return (torch.randn(*shape) * scale).requires_grad_()


B, T, V = 2, 6, 7
ids = torch.randint(0, V, (B, T))
learned = torch.tensor([[0, 0, 1, 1, 1, 1], [0, 1, 1, 0, 0, 0]])
lengths = [6, 4]
labels = torch.where(learned == 1, ids, -100)
labels[1, 4:] = -100
logits = parameter(B, T, V)


def causal(x):
    return ForCausalLMLoss(x, labels, V)


def shifted(x, smoothing=0.0):
    return F.cross_entropy(x[:, :-1].reshape(-1, V), labels[:, 1:].reshape(-1), ignore_index=-100, label_smoothing=smoothing)


def z_loss(x):
    z = torch.logsumexp(x[:, :-1], -1)[labels[:, 1:] != -100]
    return shifted(x) + 0.01 * (z**2).mean()


starts, ends = [1, 3, 9], [2, 5, 9]
start_logits, end_logits = parameter(3, T), parameter(3, T)


def span(start, end):
    """As BertForQuestionAnswering: places outside of the text are ignored."""
    s, e = (torch.tensor(p).clamp(0, T) for p in (starts, ends))
    return (F.cross_entropy(start, s, ignore_index=T) + F.cross_entropy(end, e, ignore_index=T)) / 2


chosen, rejected = parameter(4, scale=3), parameter(4, scale=3)
reference = {"chosen": torch.randn(4) * 3, "rejected": torch.randn(4) * 3}
BETA = 0.3


def preference(kind, smoothing=0.0, free=False):
    def loss(c, r):
        h = c - r if free else (c - reference["chosen"]) - (r - reference["rejected"])
        if kind == "ipo":
            return ((h - 1 / (2 * BETA)) ** 2).mean()
        return (-F.logsigmoid(BETA * h) * (1 - smoothing) - F.logsigmoid(-BETA * h) * smoothing).mean()

    return with_gradients(loss, chosen, rejected)


c, r = chosen.detach() - reference["chosen"], rejected.detach() - reference["rejected"]

A, target = torch.randn(6, 5), torch.randn(6, 3)
tall, wide = torch.randn(5, 3), torch.randn(3, 5)


def muon(start, steps=6, **options):
    original, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, torch.Tensor.clone
    w = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.Muon([w], lr=0.05, weight_decay=0.1, **options)
    path = []
    for _ in range(steps):
        tall_w = w if w.shape[0] == 5 else w.T
        gradient = A.T @ (A @ tall_w.detach() - target)
        w.grad = gradient if w.shape[0] == 5 else gradient.T
        optimizer.step()
        path.append(w.detach().flatten().tolist())
    torch.Tensor.bfloat16 = original
    return path


def rates(make, steps=20):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return out


def wsd(kind):
    return rates(lambda o: get_wsd_schedule(o, 0, 8, num_stable_steps=12, decay_type=kind, min_lr_ratio=0.1))


content = {
    "causal": {
        "ids": [row[:n].tolist() for row, n in zip(ids, lengths)],
        "learned": [row[:n].tolist() for row, n in zip(learned, lengths)],
        "logits": logits.tolist(),
        "plain": with_gradients(causal, logits),
        "smoothed": with_gradients(lambda x: shifted(x, 0.1), logits),
        "z": with_gradients(z_loss, logits),
        "accuracy": (logits[:, :-1].argmax(-1) == labels[:, 1:])[labels[:, 1:] != -100].double().mean().item(),
    },
    "span": {"starts": starts, "ends": ends, "logits": [start_logits.tolist(), end_logits.tolist()]}
    | with_gradients(span, start_logits, end_logits),
    "preference": {
        "beta": BETA,
        "chosen": chosen.tolist(),
        "rejected": rejected.tolist(),
        "reference": {name: value.tolist() for name, value in reference.items()},
        "cases": {
            "sigmoid": preference("sigmoid"),
            "smoothed": preference("sigmoid", 0.1),
            "free": preference("sigmoid", free=True),
            "ipo": preference("ipo"),
        },
        "scalars": {
            "chosen-reward": (BETA * c).mean().item(),
            "rejected-reward": (BETA * r).mean().item(),
            "reward-margin": (BETA * (c - r)).mean().item(),
            "preference-accuracy": (c > r).double().mean().item(),
        },
    },
    "muon": {
        "A": A.tolist(),
        "target": target.tolist(),
        "tall": tall.tolist(),
        "wide": wide.tolist(),
        "paths": {
            "tall original": muon(tall),
            "wide original": muon(wide),
            "tall adam": muon(tall, adjust_lr_fn="match_rms_adamw"),
            "wide adam": muon(wide, adjust_lr_fn="match_rms_adamw", nesterov=False, momentum=0.9),
        },
    },
    "schedules": {
        "linear": wsd("linear"),
        "root": wsd("1-sqrt"),
        "cosineToTenth": rates(lambda o: get_cosine_with_min_lr_schedule_with_warmup(o, 0, 20, min_lr_rate=0.1)),
    },
}
path = pathlib.Path(__file__).parents[2] / "packages/train/src/fixtures/language.json"
path.write_text(json.dumps(content) + "\n")
