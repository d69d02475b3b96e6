"""Event file as tensorboard writes it, for packages/train/src/fixtures/tensorboard.json.

    pip install tensorboard==2.20.0 'setuptools<81'
    python tools/golden/train_tensorboard.py
"""

import io
import json
from pathlib import Path

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

SECONDS = 1_700_000_000.25
STEPS = [
    {
        "step": 1,
        "scalars": {
            "train/loss": 2.302585,
            "train/learning-rate": 0.001,
            "train/gradient-norm": 0.75,
            "train/peak-bytes": 4096.0,
        },
    },
    {
        "step": 300,
        "scalars": {
            "train/loss": 0.125,
            "train/learning-rate": 0.0005,
            "train/gradient-norm": 0.5,
            "train/examples-per-second": 12800.0,
            "train/peak-bytes": 8192.0,
            "train/token-accuracy": 0.25,
            "validation/accuracy": 0.9375,
        },
    },
]


def main() -> None:
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=SECONDS, file_version="brain.Event:2").SerializeToString())
    for step in STEPS:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in step["scalars"].items()]
        event = Event(wall_time=SECONDS, step=step["step"], summary=Summary(value=values))
        writer.write(event.SerializeToString())
    out = Path(__file__).parents[2] / "packages/train/src/fixtures/tensorboard.json"
    content = {
        "tensorboard": tensorboard.__version__,
        "milliseconds": SECONDS * 1000,
        "steps": STEPS,
        "file": file.getvalue().hex(),
    }
    out.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
