"""Writes packages/tensor/src/fixtures/python.safetensors and python.json, what the Python package makes of known values.

Needs: pip install safetensors==0.6.2 packaging torch==2.8.0 numpy
Run: python tools/golden/tensor_safetensors.py
"""

import json
import struct
from pathlib import Path

import torch
from safetensors.torch import save_file

folder = Path(__file__).resolve().parents[2] / "packages/tensor/src/fixtures"

edges = [0.0, -0.0, 1.0, -1.5, 65504.0, 65519.9, 65520.0, 6.103515625e-05, 5.960464477539063e-08, 2.98e-08, 8.9e-08,
         1.00048828125, 1.000732421875, 3.3895e38, 1e-40, 0.1, 1 / 3, 2049.0, 2051.0, -70000.0, float("inf"), float("-inf")]
floats = torch.cat([torch.tensor(edges), torch.randn(200, generator=torch.Generator().manual_seed(1)) * 10])

tensors = {
    "f32": floats.clone(),
    "f64": floats.double(),
    "f16": floats.half(),
    "bf16": floats.bfloat16(),
    "i64": torch.tensor([[-(2**53), 7], [2**53, -1]]),
    "i32": torch.tensor([-(2**31), 2**31 - 1, 5], dtype=torch.int32),
    "i16": torch.tensor([-32768, 32767], dtype=torch.int16),
    "i8": torch.tensor([-128, 127, 3], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "f8": torch.tensor([1.0, -2.0, 0.5]).to(torch.float8_e4m3fn),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
}
save_file(tensors, folder / "python.safetensors", metadata={"framework": "pt", "语": "值"})


def as_float32_bits(tensor):
    return [struct.unpack("<I", struct.pack("<f", value))[0] for value in tensor.float().flatten().tolist()]


expected = {name: as_float32_bits(tensor) for name, tensor in tensors.items() if name not in ("f8", "i64")}
expected["i64"] = as_float32_bits(tensors["i64"].float())
(folder / "python.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
