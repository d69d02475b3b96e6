"""PyTorch, OpenBLAS (NumPy) and onnxruntime on the same cases; prints a rate on the last line."""
import json
import os
import sys
import time

settings = json.loads(sys.argv[-1])
contender, sizes, threads = settings["contender"], settings["sizes"], settings.get("threads") or os.cpu_count()
os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
os.environ["OMP_NUM_THREADS"] = str(threads)


def print_median(step, units=1.0):
    times = []
    for seconds in (settings["seconds"] / 4, settings["seconds"]):
        times.clear()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
    print(units / sorted(times)[len(times) // 2])


if contender == "OpenBLAS":
    import numpy as np

    m, n, k = sizes["m"], sizes["n"], sizes["k"]
    left, right = np.random.rand(m, k).astype("f4"), np.random.rand(k, n).astype("f4")
    out = np.empty((m, n), "f4")
    print_median(lambda: np.matmul(left, right, out=out), 2 * m * n * k / 1e9)
    sys.exit()

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(threads)
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        h = self.before(x)
        q, k, v = (p(h).view(batch, length, self.heads, -1).transpose(1, 2) for p in (self.query, self.key, self.value))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(functional.gelu(self.up(self.between(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        width, vocabulary = sizes["width"], sizes["vocabulary"]
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Parameter(torch.randn(sizes["time"], width) * 0.02)
        self.blocks = nn.Sequential(*[Block(width, sizes["heads"], True) for _ in range(sizes["layers"])])
        self.last, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens):
        return self.head(self.last(self.blocks(self.tokens(tokens) + self.positions))).flatten(0, 1)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.second = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.stride, self.growth = stride, outputs - inputs

    def forward(self, x):
        y = self.norm2(self.second(functional.relu(self.norm1(self.first(x)))))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        if self.growth:
            x = functional.pad(x, (0, 0, 0, 0, 0, self.growth))
        return functional.relu(x + y)


def resnet():
    widths, layers, inputs = (64, 128, 256, 512), [], 64
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    for stage, width in enumerate(widths):
        for block in range(2):
            layers.append(Residual(inputs, width, 2 if stage > 0 and block == 0 else 1))
            inputs = width
    return nn.Sequential(*stem, *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def train(model, inputs, labels):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    forward = torch.compile(model) if contender == "PyTorch compiled" else model

    def step():
        optimizer.zero_grad()
        loss = criterion(forward(inputs), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    print_median(step)


kind, batch = settings["kind"], sizes.get("batch", 1)
if kind == "gemm":
    m, n, k = sizes["m"], sizes["n"], sizes["k"]
    left, right = (torch.rand(m, k), torch.rand(k, n)) if batch == 1 else (torch.rand(batch, m, k), torch.rand(batch, k, n))
    with torch.no_grad():
        print_median(lambda: torch.matmul(left, right), 2 * m * n * k * batch / 1e9)
elif kind == "mlp":
    model = nn.Sequential(nn.Linear(784, sizes["hidden"]), nn.ReLU(), nn.Linear(sizes["hidden"], 10))
    train(model, torch.rand(batch, 784), torch.arange(batch) % 10)
elif kind == "lenet":
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )
    train(model, torch.rand(batch, 1, 28, 28), torch.arange(batch) % 10)
elif kind == "resnet":
    train(resnet(), torch.rand(batch, 3, 32, 32), torch.arange(batch) % 10)
elif kind == "gpt":
    tokens = (torch.arange(batch * sizes["time"]) * 31 % sizes["vocabulary"]).view(batch, -1)
    train(Gpt(), tokens, torch.arange(batch * sizes["time"]) * 17 % sizes["vocabulary"])
elif kind == "bert":
    model = nn.Sequential(*[Block(sizes["width"], sizes["heads"], False) for _ in range(sizes["layers"])]).eval()
    inputs = torch.rand(batch, sizes["time"], sizes["width"])
    if contender == "onnxruntime":
        import tempfile

        import onnxruntime

        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            path = os.path.join(folder, "encoder.onnx")
            torch.onnx.export(model, (inputs,), path, dynamo=False, opset_version=17)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: inputs.numpy()}
        print_median(lambda: session.run(None, feed))
    else:
        with torch.inference_mode():
            print_median(lambda: model(inputs))
