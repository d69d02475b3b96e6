"""Reference values for @nacre/data's preparation, from scikit-learn.

Usage: python tools/golden/data_preparation.py
Needs: scikit-learn==1.9.1 numpy
Writes: packages/data/src/preparation/fixtures/scikit_learn.json
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

OUT = Path(__file__).parents[2] / "packages/data/src/preparation/fixtures/scikit_learn.json"

rng = np.random.default_rng(7)
# Columns: ordinary, far from zero, constant, constant and far from zero, heavy-tailed, two values.
X = np.column_stack(
    [
        rng.normal(3, 2, 21),
        rng.normal(1e6, 1e-2, 21),
        np.zeros(21),
        np.full(21, 1234567.891),
        rng.standard_cauchy(21),
        rng.integers(0, 2, 21),
    ]
)
scalers = {
    name: scaler.fit_transform(X).tolist()
    for name, scaler in {"standard": StandardScaler(), "minmax": MinMaxScaler(), "robust": RobustScaler()}.items()
}

train = ["blue", "red", "green", "red", "Red", "blue", "red", "ümlaut", "red", "10", "9"]
test = ["red", "10", "violet", "blue", "ümlaut", "Red"]


def one_hot(**options):
    encoder = OneHotEncoder(sparse_output=False, **options).fit(np.array(train, dtype=object)[:, None])
    return {
        "categories": encoder.categories_[0].tolist(),
        "names": encoder.get_feature_names_out(["c"]).tolist(),
        "test": encoder.transform(np.array(test, dtype=object)[:, None]).tolist(),
    }


gaps = [4.0, None, 2.0, 2.0, 9.5, None, 4.0, -1.0]
column = np.array([np.nan if value is None else value for value in gaps])[:, None]
imputed = {
    strategy: float(SimpleImputer(strategy=sk).fit(column).statistics_[0])
    for strategy, sk in {"mean": "mean", "median": "median", "mode": "most_frequent"}.items()
}

OUT.write_text(
    json.dumps(
        {
            "source": f"tools/golden/data_preparation.py, scikit-learn {sklearn.__version__}, numpy {np.__version__}",
            "X": X.tolist(),
            "scalers": scalers,
            "oneHot": {
                "train": train,
                "test": test,
                "zeros": one_hot(handle_unknown="ignore"),
                "rare": one_hot(handle_unknown="infrequent_if_exist", min_frequency=2),
            },
            "imputation": {"values": gaps, **imputed},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    + "\n"
)
