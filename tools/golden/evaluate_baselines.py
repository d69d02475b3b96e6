"""Baselines of text for packages/evaluate/src/fixtures/text-baselines.json.

scikit-learn==1.9.1, rank_bm25==0.2.2, bm25s==0.3.16, nltk==3.10.4, numpy. Run: python tools/golden/evaluate_baselines.py
The texts are generated here. Kneser-Ney has no package that can be installed with pip and has modified discounts, so its
definition (Chen and Goodman 1999, section 4.1.6, with KenLM's treatment of starts, single words and scarce orders) is stated
again here, as slowly and plainly as can be.
"""
import collections
import json
import math
import pathlib
import random

import bm25s
import numpy as np
from nltk.translate import AlignedSent, IBMModel1
from rank_bm25 import BM25Okapi
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

rng = random.Random(11)
TOPICS = [
    "harbour boat sail tide anchor keeper rope wave".split(),
    "kettle bread oven flour salt butter spoon plate".split(),
    "signal rail train engine platform driver coal bridge".split(),
]
COMMON = "the a of and in on with it is was an old new red".split()


def sentence(topic, length):
    words = [rng.choice(TOPICS[topic] if rng.random() < 0.35 else COMMON if rng.random() < 0.8 else TOPICS[rng.randrange(3)]) for _ in range(length)]
    return " ".join(words).capitalize() + rng.choice([".", "!", "  ...", ""])


labels = [i % 3 for i in range(60)]
texts = [sentence(label, rng.randrange(4, 12)) for label in labels]
test = [sentence(i % 3, 8) for i in range(15)] + ["", "unseen words only"]
MIXED = ["数据清洗 与 去重", "数据 数据 数据。", "The  CAT\tsat_on 2 mats; e-mail ét été", "𠮷野家 a 𠮷 b", "", "x"]

vectorizers = []
for kind, documents, options in [
    ("tfidf", texts[:20], {}),
    ("tfidf", texts[:20], {"ngram_range": (1, 2), "sublinear_tf": True, "norm": "l1"}),
    ("tfidf", texts[:20], {"smooth_idf": False, "norm": None, "min_df": 2}),
    ("tfidf", MIXED, {"analyzer": "char", "ngram_range": (1, 3)}),
    ("tfidf", MIXED, {"ngram_range": (1, 3), "lowercase": False}),
]:
    vectorizer = TfidfVectorizer(**options)
    matrix = vectorizer.fit_transform(documents)
    rows = [[(int(c), float(v)) for c, v in sorted(zip(r.indices, r.data))] for r in (matrix[i] for i in range(matrix.shape[0]))]
    vectorizers.append({"documents": documents, "options": options, "names": vectorizer.get_feature_names_out().tolist(), "idf": vectorizer.idf_.tolist(), "rows": rows})

vectorizer = TfidfVectorizer(ngram_range=(1, 2))
features = vectorizer.fit_transform(texts)
svms = []
for name, y in (("three", labels), ("two", [int(label == 0) for label in labels])):
    for C in (1.0, 0.1):
        model = LinearSVC(C=C, dual=True, tol=1e-8, max_iter=100000).fit(features, y)
        svms.append({
            "labels": y,
            "C": C,
            "intercept": model.intercept_.tolist(),
            "coefficients": model.coef_[:, :40].tolist(),
            "scores": model.decision_function(vectorizer.transform(test)).tolist(),
        })
counter = CountVectorizer(ngram_range=(1, 2))
bayes = MultinomialNB().fit(counter.fit_transform(texts), labels).predict_proba(counter.transform(test)).tolist()

tokens = [CountVectorizer().build_analyzer()(text) for text in texts]
queries = ["old harbour rope", "the bread", "the the red train", "nothing here"]
okapi = BM25Okapi(tokens)
lucene = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
lucene.index(tokens, show_progress=False)
bm25 = {
    "queries": queries,
    "okapi": [okapi.get_scores(CountVectorizer().build_analyzer()(q)).tolist() for q in queries],
    "lucene": [lucene.get_scores([t for t in CountVectorizer().build_analyzer()(q)]).tolist() if any(t in lucene.vocab_dict for t in CountVectorizer().build_analyzer()(q)) else [0.0] * len(texts) for q in queries],
}


class KneserNey:
    """Counts of n-grams as dictionaries of tuples; every quantity is summed anew when it is asked for."""

    def __init__(self, sequences, order, symbols, boundaries):
        self.order, self.boundaries = order, boundaries
        padded = [((["<s>"] if boundaries else []) + list(s) + (["</s>"] if boundaries else [])) for s in sequences]
        raw = collections.Counter(tuple(s[i : i + n]) for s in padded for n in range(1, order + 1) for i in range(len(s) - n + 1))
        before = collections.defaultdict(set)
        for gram in raw:
            before[gram[1:]].add(gram[0])
        self.counts = {}
        for gram, count in raw.items():
            if gram == ("<s>",):
                continue
            self.counts[gram] = count if len(gram) == order or gram[0] == "<s>" else len(before[gram])
        self.vocabulary = symbols + (1 if boundaries else 0) + 1
        self.discounts = {}
        for n in range(1, order + 1):
            of = collections.Counter(c for g, c in self.counts.items() if len(g) == n)
            try:
                share = of[1] / (of[1] + 2 * of[2])
                d = [0, 1 - 2 * share * of[2] / of[1], 2 - 3 * share * of[3] / of[2], 3 - 4 * share * of[4] / of[3]]
                if not all(0 <= d[k] <= k for k in range(4)):
                    raise ZeroDivisionError
            except ZeroDivisionError:
                d = [0, 0.5, 1, 1.5]
            self.discounts[n] = d

    def probability(self, history, symbol):
        if history is None:
            return 1 / self.vocabulary
        shorter = self.probability(history[1:] if history else None, symbol)
        following = {g: c for g, c in self.counts.items() if len(g) == len(history) + 1 and g[:-1] == history}
        total = sum(following.values())
        if total == 0:
            return shorter
        d = self.discounts[len(history) + 1]
        count = self.counts.get(history + (symbol,), 0)
        rest = sum(d[min(c, 3)] for c in following.values()) / total
        return max(count - d[min(count, 3)], 0) / total + rest * shorter

    def score(self, sequence):
        s = (["<s>"] if self.boundaries else []) + list(sequence) + (["</s>"] if self.boundaries else [])
        start = 1 if self.boundaries else 0
        return [math.log(self.probability(tuple(s[max(0, i - self.order + 1) : i]), s[i])) for i in range(start, len(s))]


LINES = ["".join(rng.choice("aabbbcd e") for _ in range(rng.randrange(1, 14))) for _ in range(60)]
WORD_LINES = [[w.lower().strip(".!") for w in text.split()] for text in texts]
models = []
for unit, lines, asked in (("character", LINES, LINES[:3] + ["abcz", "", "eeeeeeee"]), ("word", [" ".join(w) for w in WORD_LINES], [" ".join(w) for w in WORD_LINES[:2]] + ["the unseen boat is old"])):
    for order in (1, 2, 3, 5):
        for boundaries in (True, False):
            split = list if unit == "character" else str.split
            sequences = [split(line) for line in lines]
            model = KneserNey(sequences, order, len({s for q in sequences for s in q}), boundaries)
            models.append({"unit": unit, "order": order, "boundaries": boundaries, "discounts": [model.discounts[n] for n in range(1, order + 1)], "scores": [model.score(split(line)) for line in asked], "asked": asked})

GERMAN = dict(zip("the a boat house old red sees is big dog and".split(), "das ein boot haus alt rot sieht ist gross hund und".split()))
# NLTK counts a word that a target repeats once; so none does.
english = [" ".join(rng.sample(list(GERMAN), rng.randrange(2, 7))) for _ in range(30)]
german = [" ".join(GERMAN[w] for w in sorted(line.split(), key=lambda w: rng.random() < 0.3)) + (" doch" if i % 4 == 0 else "") for i, line in enumerate(english)]
ibm = IBMModel1([AlignedSent(e.split(), g.split()) for e, g in zip(english, german)], 5)
ibm_table = [[g or "", e, p] for e, row in ibm.translation_table.items() for g, p in row.items() if p > 1e-6]

out = {
    "ibm": {"sources": german, "targets": english, "table": ibm_table},
    "texts": texts,
    "test": test,
    "vectorizers": vectorizers,
    "svms": svms,
    "bayes": {"labels": labels, "probabilities": bayes},
    "bm25": bm25,
    "lines": {"character": LINES, "word": [" ".join(w) for w in WORD_LINES]},
    "kneserNey": models,
}


def rounded(value):
    if isinstance(value, float):
        return round(value, 10)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return value


path = pathlib.Path(__file__).parents[2] / "packages/evaluate/src/fixtures/text-baselines.json"
path.write_text(json.dumps(rounded(out), ensure_ascii=False, separators=(",", ":")) + "\n")
