"""Settings, the corpus's lines, and the rate of a function that goes through them all, in MB/s."""
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

settings = json.loads(sys.argv[-1])
with open(settings["corpus"], encoding="utf-8", newline="") as file:
    text = file.read()
lines = text.split("\n")
megabytes = len(text.encode("utf-8")) / 1e6


def print_rate(step):
    warm = time.perf_counter() + settings["seconds"] / 4
    while time.perf_counter() < warm:
        step()
    done = 0
    started = time.perf_counter()
    while time.perf_counter() - started < settings["seconds"]:
        step()
        done += megabytes
    print(done / (time.perf_counter() - started))
