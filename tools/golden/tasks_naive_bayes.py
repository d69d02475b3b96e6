"""Weights of complement naive Bayes for packages/tasks/src/text-classification/fixtures/naive-bayes.json.

scikit-learn==1.8.0. Run: python tools/golden/tasks_naive_bayes.py
Each text is a list of [feature, weight]; every feature is in some text. `votes` are [features][classes], with their mean over the
classes taken off, which changes no prediction.
"""
import json
import pathlib

import numpy as np
from sklearn.naive_bayes import ComplementNB

rng = np.random.default_rng(11)
CASES = [(12, 9, 2, 1.0), (40, 25, 4, 0.2), (30, 17, 3, 0.01)]


def case(texts, features, classes, smoothing):
    x = np.round(rng.gamma(0.5, 1.0, (texts, features)) * (rng.random((texts, features)) < 0.3), 3)
    x[rng.integers(texts, size=features), np.arange(features)] += 0.5
    y = np.concatenate([np.arange(classes), rng.choice(classes, texts - classes, p=np.arange(1, classes + 1) / (classes * (classes + 1) / 2))])
    model = ComplementNB(alpha=smoothing).fit(x, y)
    votes = model.feature_log_prob_.T
    return {
        "features": features,
        "classes": classes,
        "smoothing": smoothing,
        "texts": [[[int(at), float(row[at])] for at in np.flatnonzero(row)] for row in x],
        "labels": y.tolist(),
        "votes": np.round(votes - votes.mean(1, keepdims=True), 7).tolist(),
        "predictions": model.predict(x).tolist(),
    }


out = pathlib.Path(__file__).parents[2] / "packages/tasks/src/text-classification/fixtures/naive-bayes.json"
out.write_text(json.dumps([case(*each) for each in CASES], separators=(",", ":")) + "\n")
