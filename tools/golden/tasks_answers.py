"""Choice of answers from logits for packages/tasks/src/question-answering/fixtures/answers.json.

transformers==4.57.1 (version 5 has this code no more), without PyTorch. Run: python tools/golden/tasks_answers.py
Its `compute_predictions_logits` is the choice of Devlin et al.'s run_squad.py. Words are tokens here, all of them different, so
texts say where answers are. Rows are three tokens of question and frame, a window of the passage, and a last token.
"""
import json
import pathlib
import random
import tempfile
import types

from transformers.data.metrics.squad_metrics import compute_predictions_logits
from transformers.data.processors.squad import _new_check_is_max_context

rng = random.Random(5)
FRONT = 3


def case(words, window, stride, longest, candidates):
    """Windows as in run_squad.py; random logits, of which those outside of the passage are small."""
    passage = [f"w{index}" for index in range(words)]
    starts, start = [], 0
    while True:
        starts.append((start, min(window, words - start)))
        if start + window >= words:
            break
        start += stride
    spans = [{"start": offset, "length": count} for offset, count in starts]
    rows = []
    for index, (offset, count) in enumerate(starts):
        logits = lambda: [-30.0] * FRONT + [round(rng.gauss(0, 3), 2) for _ in range(count)] + [-30.0]
        rows.append({"offset": offset, "count": count, "starts": logits(), "ends": logits()})
    example = types.SimpleNamespace(qas_id="q", doc_tokens=passage)
    features, results = [], []
    for index, row in enumerate(rows):
        places = {FRONT + at: row["offset"] + at for at in range(row["count"])}
        most = {FRONT + at: _new_check_is_max_context(spans, index, row["offset"] + at) for at in range(row["count"])}
        features.append(
            types.SimpleNamespace(
                unique_id=index,
                example_index=0,
                tokens=["[CLS]", "q", "[SEP]", *passage[row["offset"] : row["offset"] + row["count"]], "[SEP]"],
                token_to_orig_map=places,
                token_is_max_context=most,
            )
        )
        results.append(types.SimpleNamespace(unique_id=index, start_logits=row["starts"], end_logits=row["ends"]))
    tokenizer = types.SimpleNamespace(convert_tokens_to_string=" ".join)
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{name}" for name in ("predictions.json", "nbest.json")]
        compute_predictions_logits(
            [example], features, results, candidates, longest, False, *files, None, False, False, 0.0, tokenizer
        )
        best = json.loads(pathlib.Path(files[1]).read_text())["q"]
    answers = [[*map(int, (a["text"].split()[0][1:], a["text"].split()[-1][1:])), round(a["probability"], 7)] for a in best]
    return {"words": words, "longest": longest, "candidates": candidates, "windows": rows, "answers": answers}



cases = [case(12, 20, 8, 5, 4), case(40, 16, 5, 6, 20), case(60, 20, 20, 3, 7), case(75, 24, 7, 30, 20)]
out = pathlib.Path(__file__).resolve().parents[2] / "packages/tasks/src/question-answering/fixtures/answers.json"
out.parent.mkdir(exist_ok=True)
out.write_text(json.dumps(cases) + "\n")
print(f"{out}: {len(cases)} cases, {out.stat().st_size} bytes")
