"""PyTorch on the CPU: the same model, batch and optimizer."""
import json
import sys
import time

import torch
from torch import nn

settings = json.loads(sys.argv[-1])
torch.manual_seed(0)
batch = settings["batch"]
if settings["model"] == "mlp":
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    features = torch.rand(batch, 784)
else:
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )
    features = torch.rand(batch, 1, 28, 28)
labels = torch.randint(0, 10, (batch,))
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
loss_function = nn.CrossEntropyLoss()


def step():
    optimizer.zero_grad()
    loss = loss_function(model(features), labels)
    loss.backward()
    optimizer.step()
    loss.item()


warm = time.perf_counter() + settings["seconds"] * 0.25
while time.perf_counter() < warm:
    step()
started = time.perf_counter()
units = 0
while time.perf_counter() - started < settings["seconds"]:
    step()
    units += batch
print(units / (time.perf_counter() - started))
