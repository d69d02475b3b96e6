"""Metric values for packages/evaluate/src/fixtures/metrics.json.

scikit-learn==1.9.1 (any recent one agrees), scipy, numpy. Run: python tools/golden/evaluate_metrics.py
Cases with ties, a class that is never predicted, one that never occurs, and a constant prediction.
"""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from scipy import stats
from sklearn import metrics as m

warnings.filterwarnings("ignore")
rng = np.random.default_rng(5)


def multiclass(labels, probabilities, k):
    predicted = probabilities.argmax(1)
    every = list(range(k))
    return {
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "expected": {
            "accuracy": m.accuracy_score(labels, predicted),
            "balanced accuracy": m.balanced_accuracy_score(labels, predicted),
            "macro precision": m.precision_score(labels, predicted, average="macro", zero_division=0),
            "macro recall": m.recall_score(labels, predicted, average="macro", zero_division=0),
            "macro F1": m.f1_score(labels, predicted, average="macro", zero_division=0),
            "weighted F1": m.f1_score(labels, predicted, average="weighted", zero_division=0),
            "Matthews correlation": m.matthews_corrcoef(labels, predicted),
            "kappa": m.cohen_kappa_score(labels, predicted),
            "log loss": m.log_loss(labels, probabilities, labels=every),
            "top2": m.top_k_accuracy_score(labels, probabilities, k=2, labels=every),
        },
    }


def dirichlet(n, k, sharp):
    labels = rng.integers(0, k, n)
    p = rng.dirichlet(np.ones(k), n)
    p[np.arange(n), labels] += sharp
    p = np.round(p / p.sum(1, keepdims=True), 2)
    p[:, 0] += 1 - p.sum(1)
    return labels, np.clip(p, 0, 1)


labels, p = dirichlet(60, 4, 0.6)
never_predicted = p.copy()
never_predicted[:, 2] = 0
never_predicted /= never_predicted.sum(1, keepdims=True)
absent = np.where(labels == 3, 1, labels)
constant = np.tile([0.4, 0.3, 0.2, 0.1], (60, 1))

y = rng.integers(0, 2, 80)
score = np.round(np.clip(rng.normal(0.4 + 0.25 * y, 0.25), 0.01, 0.99), 1)
first = (rng.random(120) < 0.8).astype(int)
second = np.where(rng.random(120) < 0.85, first, 1 - first)
only_first = int(((first == 1) & (second == 0)).sum())
only_second = int(((first == 0) & (second == 1)).sum())

out = {
    "source": f"scikit-learn {sklearn.__version__}, scipy",
    "multiclass": {
        "plain": multiclass(labels, p, 4),
        "a class never predicted": multiclass(labels, never_predicted, 4),
        "a class that never occurs": multiclass(absent, p, 4),
        "a constant prediction": multiclass(labels, constant, 4),
    },
    "binary with ties": {
        "labels": y.tolist(),
        "scores": score.tolist(),
        "rocAuc": m.roc_auc_score(y, score),
        "averagePrecision": m.average_precision_score(y, score),
        "brier": m.brier_score_loss(y, score),
    },
    "mcnemar": {
        "first": first.tolist(),
        "second": second.tolist(),
        "pValue": stats.binomtest(min(only_first, only_second), only_first + only_second).pvalue,
    },
    "wilson": [
        {"hits": hits, "count": count, "low": interval.low, "high": interval.high}
        for hits, count in [(0, 10), (7, 10), (9700, 10000)]
        for interval in [stats.binomtest(hits, count).proportion_ci(method="wilson")]
    ],
}
path = pathlib.Path(__file__).parents[2] / "packages/evaluate/src/fixtures/metrics.json"
path.write_text(json.dumps(out))
print(path, path.stat().st_size // 1024, "KiB")
