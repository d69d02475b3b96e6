"""Writes the tensors of a PyTorch checkpoint (`torch.save`, its zip form) as safetensors, without PyTorch.

Of the pickle inside only what tensors are made of is understood, so nothing that it asks for is run. Whole numbers, which
checkpoints hold as buffers, are left out.

Usage: python3 to-safetensors.py pytorch_model.bin model.safetensors
"""

import json
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict

FLOATS = {"DoubleStorage": ("F64", 8), "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2), "BFloat16Storage": ("BF16", 2)}
WHOLE = ("LongStorage", "IntStorage", "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage")


def rebuild(storage, offset, shape, stride, *_rest):
    return {"storage": storage, "offset": offset, "shape": shape, "stride": stride}


class Tensors(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild
        if module == "torch" and name.endswith("Storage"):
            return name
        raise ValueError(f"Expected tensors only. Received {module}.{name}.")

    def persistent_load(self, pid):
        _kind, dtype, key, _device, _count = pid
        return dtype, key


def contiguous(shape, stride):
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride)):
        if size != 1 and step != expected:
            return False
        expected *= size
    return True


def main(source, target):
    with zipfile.ZipFile(source) as archive:
        (pickled,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        root = pickled[: -len("data.pkl")]
        with archive.open(pickled) as file:
            tensors = Tensors(file).load()
        header, pieces, end = {"__metadata__": {"format": "pt"}}, [], 0
        for name, tensor in tensors.items():
            dtype, key = tensor["storage"]
            if dtype in WHOLE:
                continue
            if dtype not in FLOATS:
                raise ValueError(f"Expected numbers of {', '.join([*FLOATS, *WHOLE])} in {name}. Received {dtype}.")
            if tensor["offset"] < 0 or not contiguous(tensor["shape"], tensor["stride"]):
                raise ValueError(f"Expected rows one after the other in {name}. Received {tensor}.")
            code, width = FLOATS[dtype]
            count = width
            for size in tensor["shape"]:
                count *= size
            start = width * tensor["offset"]
            piece = archive.read(f"{root}data/{key}")[start : start + count]
            if len(piece) != count:
                raise ValueError(f"Expected {count} bytes of {name}. Received {len(piece)}.")
            header[name] = {"dtype": code, "shape": list(tensor["shape"]), "data_offsets": [end, end + count]}
            pieces.append(piece)
            end += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(pieces)


if __name__ == "__main__":
    main(*sys.argv[1:])
