"""The same by PyTorch's DataLoader in this process: map in the data set, shuffle, batches of 128 as lists."""
import json
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset

settings = json.loads(sys.argv[-1])


class Records(Dataset):
    def __len__(self):
        return 200_000

    def __getitem__(self, index):
        return {"value": index * 2}


generator = torch.Generator().manual_seed(1)
loader = DataLoader(Records(), batch_size=128, shuffle=True, generator=generator, collate_fn=lambda batch: batch)
units = 0
started = time.perf_counter()
while time.perf_counter() - started < settings["seconds"]:
    for batch in loader:
        units += len(batch)
print(units / (time.perf_counter() - started))
