"""Optimizer trajectories, schedules and losses for packages/train/src/fixtures/optimizers.json.

torch==2.8.0, float64. Run: python tools/golden/train_optimizers.py
Lion and LAMB are not in torch; they are written from their papers (Chen et al. 2023, algorithm 2; You et al. 2020, algorithm 2).
"""
import json
import math
import pathlib

import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
A = torch.randn(5, 3)
b = torch.randn(5)
w0 = torch.randn(3, 1)
STEPS = 8


def gradient(w):
    return A.T @ (A @ w - b[:, None])


def run(make):
    w = torch.nn.Parameter(w0.clone())
    optimizer = make([w])
    path = []
    for _ in range(STEPS):
        w.grad = gradient(w.detach())
        optimizer.step()
        path.append(w.detach().flatten().tolist())
    return path


def lion(rate=0.01, beta1=0.9, beta2=0.99, decay=0.1):
    w, m, path = w0.clone(), torch.zeros_like(w0), []
    for _ in range(STEPS):
        g = gradient(w)
        c = beta1 * m + (1 - beta1) * g
        w = w - rate * (torch.sign(c) + decay * w)
        m = beta2 * m + (1 - beta2) * g
        path.append(w.flatten().tolist())
    return path


def lamb(rate=0.05, beta1=0.9, beta2=0.999, epsilon=1e-6, decay=0.1):
    w, m, v, path = w0.clone(), torch.zeros_like(w0), torch.zeros_like(w0), []
    for t in range(1, STEPS + 1):
        g = gradient(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        update = (m / (1 - beta1**t)) / (torch.sqrt(v / (1 - beta2**t)) + epsilon) + decay * w
        w = w - rate * (w.norm() / update.norm()) * update
        path.append(w.flatten().tolist())
    return path


optim = torch.optim
trajectories = {
    "sgd": run(lambda p: optim.SGD(p, 0.05)),
    "momentum": run(lambda p: optim.SGD(p, 0.05, momentum=0.9)),
    "nesterov": run(lambda p: optim.SGD(p, 0.05, momentum=0.9, nesterov=True)),
    "rmsprop": run(lambda p: optim.RMSprop(p, 0.01)),
    "rmsprop with momentum": run(lambda p: optim.RMSprop(p, 0.01, momentum=0.5)),
    "adam": run(lambda p: optim.Adam(p, 0.05)),
    "adamw": run(lambda p: optim.AdamW(p, 0.05, weight_decay=0.1)),
    "adagrad": run(lambda p: optim.Adagrad(p, 0.1)),
    "adadelta": run(lambda p: optim.Adadelta(p, 1.0)),
    "nadam": run(lambda p: optim.NAdam(p, 0.05)),
    # torch bounds the relative step by 1/sqrt(t) and lr; with lr 0.05 and t <= 8 the bound is lr.
    "adafactor": run(lambda p: optim.Adafactor(p, 0.05, eps=(1e-30, 1e-3), weight_decay=0.0)),
    "lion": lion(),
    "lamb": lamb(),
}


def schedule(make, steps=10):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = optim.SGD([parameter], 1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


scores = [1.0, 0.9, 0.95, 0.96, 0.97, 0.5, 0.6, 0.61, 0.62, 0.63, 0.64, 0.65, 0.66, 0.67]
parameter = torch.nn.Parameter(torch.zeros(1))
optimizer = optim.SGD([parameter], 1.0)
plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.1)
plateau_rates = []
for score in scores:
    plateau.step(score)
    plateau_rates.append(optimizer.param_groups[0]["lr"])

schedulers = optim.lr_scheduler
torch.manual_seed(3)
logits = torch.randn(6, 4, requires_grad=True)
labels = torch.tensor([0, 3, 1, -100, 2, 3])
weights = torch.tensor([0.5, 1.0, 2.0, 0.25])
losses = []
for smoothing in (0.0, 0.2):
    for weighted in (False, True):
        value = torch.nn.functional.cross_entropy(
            logits, labels, weight=weights if weighted else None, label_smoothing=smoothing, ignore_index=-100
        )
        (grad,) = torch.autograd.grad(value, logits)
        losses.append({"labelSmoothing": smoothing, "weighted": weighted, "loss": value.item(), "gradient": grad.tolist()})

x = torch.randn(3, 4, requires_grad=True)
y = torch.rand(3, 4)
functional = torch.nn.functional
others = {}
for name, value in {
    "binaryCrossEntropy": functional.binary_cross_entropy_with_logits(x, y, pos_weight=weights),
    "meanSquaredError": functional.mse_loss(x, y),
    "meanAbsoluteError": functional.l1_loss(x, y),
    "huber": functional.huber_loss(x, y, delta=0.7),
    "klDivergence": functional.kl_div(torch.log_softmax(x, -1), torch.softmax(y, -1), reduction="batchmean"),
}.items():
    (grad,) = torch.autograd.grad(value, x)
    others[name] = {"loss": value.item(), "gradient": grad.tolist()}

out = {
    "source": f"torch {torch.__version__}, float64",
    "problem": {"A": A.tolist(), "b": b.tolist(), "w0": w0.flatten().tolist()},
    "trajectories": trajectories,
    "sharedScale": 2.0,
    "schedules": {
        "cosine": schedule(lambda o: schedulers.CosineAnnealingLR(o, 10)),
        "step": schedule(lambda o: schedulers.StepLR(o, 3, 0.5)),
        "oneCycle": schedule(lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=10), 9)
        + [1.0 / 25 / 1e4],
        "warmUp": schedule(lambda o: schedulers.LambdaLR(o, lambda s: min(1, (s + 1) / 4))),
        "plateau": {"scores": scores, "rates": plateau_rates},
    },
    "losses": {
        "logits": logits.tolist(),
        "labels": labels.tolist(),
        "classWeights": weights.tolist(),
        "crossEntropy": losses,
        "x": x.tolist(),
        "y": y.tolist(),
        "others": others,
    },
}
path = pathlib.Path(__file__).parents[2] / "packages/train/src/fixtures/optimizers.json"
path.write_text(json.dumps(out))
print(path, math.ceil(path.stat().st_size / 1024), "KiB")
