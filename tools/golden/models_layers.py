"""Reference outputs and gradients of layers and small models, from PyTorch 2.8.0 in float64.

Usage: python tools/golden/models_layers.py
Needs: torch==2.8.0
Writes: packages/models/src/fixtures/layers.json

Tensors are written in the layouts of @nacre/models: images [B, H, W, C], convolution weights [K, K, I, O]. Gradients are those
of sum(output * cotangent).
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

OUT = Path(__file__).parents[2] / "packages/models/src/fixtures/layers.json"

torch.manual_seed(20240501)
torch.set_default_dtype(torch.float64)
assert torch.__version__.startswith("2.8."), torch.__version__


def draw(*shape):
    return torch.randn(*shape)


def hwio(weight):
    return weight.permute(2, 3, 1, 0)


def channels_last(images):
    return images.permute(0, 2, 3, 1)


def written(tensor):
    tensor = tensor.detach()
    return {"shape": list(tensor.shape), "values": [float(f"{value:.8g}") for value in tensor.flatten().tolist()]}


def case(function, input, parameters, view=lambda name, tensor: tensor, **extra):
    """`view` turns a tensor (by name; "input" and "output" too) into our layout."""
    floating = input.is_floating_point()
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    source = input.clone().requires_grad_() if floating else input
    output = function(source, leaves)
    cotangent = draw(*output.shape)
    (output * cotangent).sum().backward()
    gradients = {name: written(view(name, leaf.grad)) for name, leaf in leaves.items()}
    if floating:
        gradients["input"] = written(view("input", source.grad))
    return {
        "input": written(view("input", input)),
        "parameters": {name: written(view(name, value)) for name, value in parameters.items()},
        "output": written(view("output", output)),
        "cotangent": written(view("output", cotangent)),
        "gradients": gradients,
        **extra,
    }


def image_view(name, tensor):
    if tensor.dim() != 4:
        return tensor
    return hwio(tensor) if "weight" in name else channels_last(tensor)




def conv(stride, padding):
    return lambda x, p: F.conv2d(x, p["weight"], p["bias"], stride=stride, padding=padding)


def batch_norm(x, weight, bias, mean=None, variance=None, training=True):
    return F.batch_norm(x, mean, variance, weight, bias, training=training, momentum=0.1, eps=1e-5)


cases = {}
cases["dense"] = case(
    lambda x, p: F.linear(x, p["weight"], p["bias"]), draw(2, 3, 5), {"weight": draw(4, 5), "bias": draw(4)}
)
cases["denseGelu"] = case(
    lambda x, p: F.gelu(F.linear(x, p["weight"])), draw(3, 5), {"weight": draw(4, 5)}
)
cases["conv2dStride"] = case(
    conv(2, 1), draw(2, 3, 7, 6), {"weight": draw(4, 3, 3, 3), "bias": draw(4)}, image_view
)
cases["conv2dValid"] = case(
    conv(1, 0), draw(2, 2, 5, 6), {"weight": draw(3, 2, 3, 3), "bias": draw(3)}, image_view
)
cases["conv1d"] = case(
    lambda x, p: F.conv1d(x, p["weight"], p["bias"], stride=2, padding=1),
    draw(2, 3, 7),
    {"weight": draw(4, 3, 3), "bias": draw(4)},
    lambda name, t: t.permute(2, 1, 0) if name == "weight" else t.permute(0, 2, 1) if t.dim() == 3 else t,
)
cases["depthwise"] = case(
    lambda x, p: F.conv2d(x, p["weight"], p["bias"], padding=1, groups=3),
    draw(2, 3, 5, 5),
    {"weight": draw(6, 1, 3, 3), "bias": draw(6)},
    lambda name, t: t.reshape(3, 2, 3, 3).permute(2, 3, 0, 1) if name == "weight" else image_view(name, t),
)
cases["layerNorm"] = case(
    lambda x, p: F.layer_norm(x, (6,), p["weight"], p["bias"], 1e-5), draw(2, 3, 6), {"weight": draw(6), "bias": draw(6)}
)
cases["rmsNorm"] = case(lambda x, p: F.rms_norm(x, (6,), p["weight"], 1e-6), draw(2, 3, 6), {"weight": draw(6)})
cases["groupNorm"] = case(
    lambda x, p: F.group_norm(x, 2, p["weight"], p["bias"], 1e-5),
    draw(2, 6, 3, 2),
    {"weight": draw(6), "bias": draw(6)},
    image_view,
)
mean, variance = draw(4), torch.rand(4) + 0.5
moved = {"runningMean": written(mean), "runningVariance": written(variance)}
cases["batchNormInference"] = case(
    lambda x, p: batch_norm(x, p["weight"], p["bias"], mean, variance, training=False),
    draw(3, 4, 2, 3),
    {"weight": draw(4), "bias": draw(4)},
    image_view,
    before=moved,
)
before = {"runningMean": written(mean), "runningVariance": written(variance)}
cases["batchNorm"] = case(
    lambda x, p: batch_norm(x, p["weight"], p["bias"], mean, variance),
    draw(3, 4, 2, 3),
    {"weight": draw(4), "bias": draw(4)},
    image_view,
    before=before,
)
cases["batchNorm"]["after"] = {"runningMean": written(mean), "runningVariance": written(variance)}
cases["embedding"] = case(
    lambda ids, p: F.embedding(ids, p["weight"]), torch.tensor([[0, 2, 2], [4, 1, 2]]), {"weight": draw(5, 3)}
)


def mlp(x, p):
    hidden = torch.tanh(F.linear(x, p["hidden.0.weight"], p["hidden.0.bias"]))
    hidden = torch.tanh(F.linear(hidden, p["hidden.1.weight"], p["hidden.1.bias"]))
    return F.linear(hidden, p["output.weight"], p["output.bias"])


cases["mlp"] = case(
    mlp,
    draw(4, 6),
    {
        "hidden.0.weight": draw(5, 6),
        "hidden.0.bias": draw(5),
        "hidden.1.weight": draw(4, 5),
        "hidden.1.bias": draw(4),
        "output.weight": draw(3, 4),
        "output.bias": draw(3),
    },
)


def lenet(x, p):
    for index, padding in enumerate([1, 0]):
        stage = f"stages.{index}"
        x = F.conv2d(x, p[f"{stage}.convolution.weight"], padding=padding)
        x = batch_norm(x, p[f"{stage}.normalization.weight"], p[f"{stage}.normalization.bias"])
        x = F.max_pool2d(F.relu(x), 2)
    x = channels_last(x).flatten(1)
    x = F.relu(F.linear(x, p["hidden.0.weight"], p["hidden.0.bias"]))
    return F.linear(x, p["output.weight"], p["output.bias"])


cases["lenet"] = case(
    lenet,
    draw(3, 1, 10, 10),
    {
        "stages.0.convolution.weight": draw(2, 1, 3, 3),
        "stages.0.normalization.weight": draw(2),
        "stages.0.normalization.bias": draw(2),
        "stages.1.convolution.weight": draw(3, 2, 3, 3),
        "stages.1.normalization.weight": draw(3),
        "stages.1.normalization.bias": draw(3),
        "hidden.0.weight": draw(4, 3),
        "hidden.0.bias": draw(4),
        "output.weight": draw(3, 4),
        "output.bias": draw(3),
    },
    image_view,
)


def normalized(x, p, name, stride):
    x = F.conv2d(x, p[f"{name}.convolution.weight"], stride=stride, padding=1)
    return batch_norm(x, p[f"{name}.normalization.weight"], p[f"{name}.normalization.bias"])


def resnet(x, p):
    x = F.relu(normalized(x, p, "stem", 1))
    for stage, stride, growth in [(0, 1, 0), (1, 2, 1)]:
        block = f"stages.{stage}.0"
        residual = normalized(F.relu(normalized(x, p, f"{block}.first", stride)), p, f"{block}.second", 1)
        x = F.relu(F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, growth)) + residual)
    return F.linear(x.mean((2, 3)), p["output.weight"], p["output.bias"])


def normalized_parameters(name, inputs, outputs):
    return {
        f"{name}.convolution.weight": draw(outputs, inputs, 3, 3),
        f"{name}.normalization.weight": draw(outputs),
        f"{name}.normalization.bias": draw(outputs),
    }


cases["resnet"] = case(
    resnet,
    draw(2, 1, 6, 6),
    {
        **normalized_parameters("stem", 1, 2),
        **normalized_parameters("stages.0.0.first", 2, 2),
        **normalized_parameters("stages.0.0.second", 2, 2),
        **normalized_parameters("stages.1.0.first", 2, 3),
        **normalized_parameters("stages.1.0.second", 3, 3),
        "output.weight": draw(3, 3),
        "output.bias": draw(3),
    },
    image_view,
)

OUT.write_text(json.dumps({"source": f"PyTorch {torch.__version__}, float64", "cases": cases}, separators=(",", ":")) + "\n")
