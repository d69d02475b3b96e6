"""Scores of text for packages/evaluate/src/fixtures/translation.json, rouge.json, answers.json, spans.json,
retrieval.json and speech.json.

sacrebleu==2.6.0, rouge-score==0.1.2 (with nltk==3.10.4), seqeval==1.2.2, pytrec-eval-terrier==0.5.11, jiwer==4.0.0,
scikit-learn==1.9.1. Run: python tools/golden/evaluate_text.py
The sentences are written for this file. They hold what tokenizers and edit distances stumble over: numbers, entities, quotes,
dashes, several scripts, characters outside the basic plane, odd whitespace, empty and repeated text.
"""
import collections
import json
import pathlib
import random
import re
import string
import warnings

import jiwer
import numpy as np
import pytrec_eval
import sacrebleu
import seqeval.metrics
import seqeval.scheme
from nltk.tokenize import NLTKWordTokenizer
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.bleu import _get_tokenizer
from sklearn import metrics as skm

FIXTURES = pathlib.Path(__file__).parents[2] / "packages/evaluate/src/fixtures"

LINES = [
    "A red kite circles above the harbour wall at 6:30 p.m., or so the keeper says.",
    "The bill came to $1,204.50 (tax included) -- that's 12% more than in 2019.",
    "She said: &quot;Don't&quot; &amp; left; the sign read &lt;closed&gt;. <skipped>",
    "Ein 34-jähriger Zimmermann aus Köln übt's täglich; 3.000 Nägel, 2,5 Stunden.",
    "“Well-known” – dash—em, ellipsis… and a snowman ☃ with 5€ and 7 £.",
    "我们下午3点在杭州西湖见面，带上2.5升水。Don't be late!",
    "他说：“不，谢谢。”然后——走了……《红楼梦》(第3回)",
    "「東京タワー」は333mです。カタカナとひらがな、ｶﾀｶﾅ。",
    "emoji 👩‍🔬 and 𠮷野家 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 in one line.",
    "tabs\tand\u00a0no-break\u2003spaces \u001c odd \u0085 breaks \ufeff here",
    "  leading and trailing   ",
    "U.S.A., e.g. 10-year-old... v1.2.3-rc.4 a.b,c 1.,2 .5 5.",
    "word-\nbreak over\nlines and\n-more",
    "'s it's John's dogs' 's",
    "",
    ".",
    "İstanbul ΣΑΣ ẞ ﬁ",
    "C++ & C# @home #tag 50/50 {x} [y] ^z_ `q` ~ | \\",
]

SYSTEMS = [
    (
        "A red kite circles over the harbour wall at 6:30 pm, or so says the keeper.",
        ["A red kite circles above the harbour wall at 6:30 p.m., or so the keeper says.", "Above the wall of the harbour a red kite is circling at half past six, the keeper says."],
    ),
    (
        "The bill was $1,204.50 with tax, 12% more than 2019.",
        ["The bill came to $1,204.50 (tax included) -- that's 12% more than in 2019.", "It cost $1,204.50 with tax, which is 12% more than in 2019."],
    ),
    ("the the the the the", ["the keeper of the light", "the light and the keeper"]),
    ("in the morning we walked slowly to the old mill", ["we walked slowly to the old mill in the morning", "we slowly walked to the mill in the morning"]),
    ("", ["nothing came of it", "no answer"]),
    ("no", ["nothing came of it at all, he thought", "no"]),
    ("我们三点在西湖见面。", ["我们下午3点在杭州西湖见面。", "下午三点西湖见。"]),
    ("He (quietly) left; 'twas late, \"very late\".", ["He left quietly; it was late, \"very late\".", "Quietly, he went: it was very late."]),
    ("b c d e f g h a", ["a b c d e f g h", "h g f e d c b a"]),
    ("one two three four five six seven eight nine ten", ["ten nine eight seven six five four three two one", "six seven eight nine ten one two three four five"]),
    ("x", ["", "x"]),
    ("Hello ,World !Again", ["Hello, World! Again", "hello world again"]),
]

rng = random.Random(7)
VOCABULARY = "ash birch cedar elm fir oak pine yew and the of in , .".split()


def shuffled(words, edits):
    words = list(words)
    for _ in range(edits):
        kind = rng.randrange(4)
        at = rng.randrange(len(words)) if words else 0
        if kind == 0 and words:
            words.pop(at)
        elif kind == 1:
            words.insert(at, rng.choice(VOCABULARY))
        elif kind == 2 and words:
            words[at] = rng.choice(VOCABULARY)
        elif words:
            length = rng.randrange(1, 6)
            block = words[at : at + length]
            del words[at : at + length]
            to = rng.randrange(len(words) + 1)
            words[to:to] = block
    return words


for length in (4, 9, 15, 25, 40, 70, 120):
    for edits in (1, 4, 12):
        reference = [rng.choice(VOCABULARY) for _ in range(length)]
        SYSTEMS.append((" ".join(shuffled(reference, edits)), [" ".join(reference), " ".join(shuffled(reference, 3))]))
# The beam: very different lengths.
SYSTEMS.append((" ".join(rng.choice(VOCABULARY) for _ in range(3)), [" ".join(rng.choice(VOCABULARY) for _ in range(200)), "ash"]))
SYSTEMS.append((" ".join(rng.choice(VOCABULARY) for _ in range(150)), [" ".join(rng.choice(VOCABULARY) for _ in range(6)), "ash"]))

HYPOTHESES = [hypothesis for hypothesis, _ in SYSTEMS]
REFERENCES = [[references[k] for _, references in SYSTEMS] for k in range(2)]
PARTIAL = [REFERENCES[0], [None if i % 3 == 0 else r for i, r in enumerate(REFERENCES[1])]]


def plain(score):
    keep = ("score", "counts", "totals", "precisions", "bp", "sys_len", "ref_len", "num_edits", "ref_length")
    return {key: value for key, value in vars(score).items() if key in keep}


def cases(metric, options):
    for kwargs in options:
        for name, references in (("one", REFERENCES[:1]), ("two", REFERENCES), ("partial", PARTIAL)):
            scorer = metric(**kwargs)
            corpus = plain(scorer.corpus_score(HYPOTHESES, references))
            signature = str(scorer.get_signature())
            sentences = []
            if name == "two":
                sentences = [plain(metric(**kwargs).sentence_score(h, r))["score"] for h, r in SYSTEMS]
            yield {"options": kwargs, "references": name, "corpus": corpus, "signature": signature, "sentences": sentences}


bleu_options = [{}] + [
    {"tokenize": tokenize, "lowercase": i % 2 == 1, "effective_order": i % 2 == 0}
    for i, tokenize in enumerate(["13a", "intl", "zh", "char", "none"])
]
bleu_options += [{"smooth_method": "floor"}, {"smooth_method": "floor", "smooth_value": 0.375, "effective_order": True}]
bleu_options += [{"smooth_method": "add-k"}, {"smooth_method": "add-k", "smooth_value": 2, "effective_order": True}]
bleu_options += [{"smooth_method": "none", "effective_order": True}, {"max_ngram_order": 2}, {"max_ngram_order": 6}]
chrf_options = [
    {},
    {"word_order": 2},
    {"word_order": 1, "beta": 3, "lowercase": True},
    {"whitespace": True, "char_order": 4},
    {"eps_smoothing": True, "word_order": 2},
]
ter_options = [
    {},
    {"normalized": True},
    {"normalized": True, "no_punct": True, "case_sensitive": True},
    {"normalized": True, "no_punct": True, "asian_support": True},
    {"no_punct": True},
    {"normalized": True, "asian_support": True},
]

translation = {
    "sacrebleu": sacrebleu.__version__,
    "hypotheses": HYPOTHESES,
    "references": REFERENCES,
    "partial": PARTIAL,
    "tokenizers": [
        {"text": line, **{name: _get_tokenizer(name)()(line) for name in ("13a", "intl", "zh", "char", "none")}}
        for line in LINES
    ],
    "tercom": [
        {"text": line, "options": kwargs, "tokens": TER(**kwargs).tokenizer(line)}
        for kwargs in ter_options
        for line in LINES
    ],
    "bleu": list(cases(BLEU, bleu_options)),
    "chrf": list(cases(CHRF, chrf_options)),
    "ter": list(cases(TER, ter_options)),
}

SUMMARIES = [
    ("The harbour lights were lit at dusk.\nThe keeper climbed the stairs slowly.", "At dusk the lights of the harbour were lit.\nSlowly, the keeper was climbing stairs."),
    ("Relational databases are being normalised by conditional happiness.", "A relation in a database is normal; happily conditioned."),
    ("one two three", "three two one"),
    ("", "something"),
    ("a b c d e\nf g h", "a x b y c\nh g f\na b"),
    ("12 monkeys, 3.5 apples & 7-year itch", "12 monkey 3 5 apple 7 year itches"),
    ("flies dying agreed plastered motoring hopping sized failing filing", "fly died agree plaster motor hop size fail file"),
]
WORDS = (
    "caresses ponies ties caress cats feed agreed plastered bled motoring sing conflated troubled sized hopping tanned falling "
    "hissing fizzed failing filing happy sky relational conditional rational valenci hesitanci digitizer conformabli radicalli "
    "differentli vileli analogousli vietnamization predication operator feudalism decisiveness hopefulness callousness formaliti "
    "sensitiviti sensibiliti triplicate formative formalize electriciti electrical hopeful goodness revival allowance inference "
    "airliner gyroscopic adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate "
    "angulariti homologous effective bowdlerize probate rate cease controll roll skies dying lying tying news innings outings "
    "cannings howe proceed exceed succeed enjoy employ spied died tried fully geology apology yyyy syzygy 12th b2b ies ied eed ing "
    "ed abli bli logi alli"
).split()
stemmer = rouge_scorer.RougeScorer(["rouge1"], use_stemmer=True)._tokenizer._stemmer
TYPES = ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"]
rouge = {
    "stems": {word: stemmer.stem(word) for word in WORDS},
    "cases": [
        {
            "target": target,
            "prediction": prediction,
            "stemmer": use,
            "expected": {
                kind: list(score)
                for kind, score in rouge_scorer.RougeScorer(TYPES, use_stemmer=use).score(target, prediction).items()
            },
        }
        for target, prediction in SUMMARIES
        for use in (False, True)
    ],
}


# SQuAD's and CMRC 2018's scripts are no packages: their rules, stated again here.
def squad_words(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def overlap(common, predicted, right):
    return 2 * common / (predicted + right) if common else 0.0


def squad(prediction, answers, version):
    if version == 2:
        answers = [a for a in answers if squad_words(a)] or [""]
    exact = max(int(squad_words(a) == squad_words(prediction)) for a in answers)
    scores = []
    for answer in answers:
        p, a = squad_words(prediction), squad_words(answer)
        if version == 2 and (not p or not a):
            scores.append(float(p == a))
        else:
            scores.append(overlap(sum((collections.Counter(p) & collections.Counter(a)).values()), len(p), len(a)))
    return {"exact": exact, "f1": max(scores)}


CMRC_PUNCTUATION = set("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
treebank = NLTKWordTokenizer()


def cmrc_segments(text):
    kept = "".join(c for c in text.lower().strip() if c not in CMRC_PUNCTUATION)
    parts = re.split("([\u4e00-\u9fa5])", kept)
    return [t for i, part in enumerate(parts) for t in ([part] if i % 2 else treebank.tokenize(part))]


def longest_run(left, right):
    return max((k for k in range(1, len(left) + 1) for i in range(len(left) - k + 1) if any(left[i : i + k] == right[j : j + k] for j in range(len(right)))), default=0)


def cmrc(prediction, answers):
    strip = lambda text: "".join(c for c in text.lower().strip() if c not in CMRC_PUNCTUATION)
    segments = [(cmrc_segments(prediction), cmrc_segments(a)) for a in answers]
    return {
        "exact": int(any(strip(a) == strip(prediction) for a in answers)),
        "f1": max(overlap(longest_run(p, a), len(p), len(a)) for p, a in segments),
    }


ANSWERS = [
    ("The Tower of the Winds", ["tower of the winds", "the Winds' tower, Athens"]),
    ("in 1889", ["1889", "March 1889"]),
    ("a an the", ["the"]),
    ("", ["something"]),
    ("", []),
    ("anything", []),
    ("...", ["the"]),
    ("co-operation; co operation", ["co-operation", "cooperation"]),
    ("naïve theory of à la carte an", ["naïve theory à la carte"]),
    ("Die Türme, thea und ana", ["Die Türme"]),
    ("2008年8月8日晚8时", ["2008年8月8日", "8月8日晚上8时"]),
    ("《红楼梦》的作者是曹雪芹……", ["曹雪芹", "红楼梦作者 曹雪芹"]),
    ("IBM公司, in New York (U.S.A.)", ["IBM公司,in new york (u.s.a.)", "纽约IBM公司"]),
    ("他说“it's John's 'own' e-mail, isn't it?”并且", ["it's John's own email", "他说 it is"]),
    ("约3.5%的人口，1,200万元: 增长--明显", ["3.5%", "约3.5％的人口"]),
    ("阿尔法狗（AlphaGo）", ["AlphaGo", "阿尔法狗"]),
    ("gonna cannot wanna go; 'tis d'ye more'n", ["cannot go", "'tis"]),
]
SENTENCES = [line for line in LINES if line] + [
    "\"Don't,\" she said, 'stop' -- or we'll, they've, I'd, he's, you're done.",
    "He paid $3.88 (roughly 3,36 euros) in St. Paul... Really?! Yes: 5:30 [sic] {ok} <b>.",
    "gonna gotta gimme lemme cannot wanna go more'n d'ye 'tis 'twas 'em 'n'",
    "Ends with a period.' And ``quoted'' text; a*b @home #1 50% & co.",
    "«Bonjour» „gut‟ ‘single’ 2012–2015 end.)",
]
answers = {
    "words": [{"text": s, "tokens": treebank.tokenize(s)} for s in SENTENCES],
    "cases": [
        {
            "prediction": prediction,
            "answers": right,
            "segments": cmrc_segments(prediction),
            **({"squad-1.1": squad(prediction, right, 1), "cmrc-2018": cmrc(prediction, right)} if right else {}),
            "squad-2.0": squad(prediction, right, 2),
        }
        for prediction, right in ANSWERS
    ],
}


TYPES_OF_SPANS = ["PER", "LOC", "x-y"]


def random_tags(prefixes, n):
    return [rng.choice(prefixes) if rng.random() < 0.8 else "O" for _ in range(n)]


def tagged(prefixes):
    tags = ["O"] + [f"{p}-{t}" for p in prefixes for t in TYPES_OF_SPANS[: 2 if len(prefixes) > 2 else 3]]
    pairs = []
    for _ in range(40):
        right = random_tags(tags, rng.randrange(1, 12))
        pairs.append((right, [t if rng.random() < 0.7 else rng.choice(tags) for t in right]))
    # Well-formed ones, nearly right.
    for _ in range(20):
        right = []
        while len(right) < 10:
            kind, length = rng.choice(TYPES_OF_SPANS), rng.randrange(1, 4)
            body = [f"B-{kind}"] + [f"I-{kind}"] * (length - 1)
            if "S" in prefixes:
                body = [f"S-{kind}"] if length == 1 else [f"B-{kind}"] + [f"I-{kind}"] * (length - 2) + [f"E-{kind}"]
            right += body + ["O"] * rng.randrange(2)
        pairs.append((right, [t if rng.random() < 0.9 else "O" for t in right]))
    return pairs


warnings.filterwarnings("ignore")
spans = []
for scheme, prefixes in (("default", "BIES"), ("default", "BI"), ("IOB2", "BI"), ("IOBES", "BIES")):
    pairs = tagged(prefixes)
    right, predicted = [r for r, _ in pairs], [p for _, p in pairs]
    strict = {} if scheme == "default" else {"mode": "strict", "scheme": getattr(seqeval.scheme, scheme)}
    spans.append({
        "scheme": scheme,
        "tags": [" ".join(r) for r in right],
        "predicted": [" ".join(p) for p in predicted],
        "expected": {
            average: [f(right, predicted, average=average, zero_division=0, **strict) for f in (seqeval.metrics.precision_score, seqeval.metrics.recall_score, seqeval.metrics.f1_score)]
            for average in ("micro", "macro", "weighted")
        },
    })

documents = [f"d{i:02d}" for i in range(30)]
queries, qrels, found = [], {}, {}
for q in range(12):
    ranking = rng.sample(documents, rng.choice([0, 3, 15, 30]) if q else 30)
    relevance = {d: rng.choice([0, 1, 1, 2, 3]) for d in rng.sample(documents, rng.randrange(1, 9))}
    queries.append({"ranking": ranking, "relevance": relevance})
    qrels[f"q{q}"] = relevance
    found[f"q{q}"] = {d: float(len(ranking) - i) for i, d in enumerate(ranking)}
measures = {"ndcg_cut.1,5,10", "recall.1,5,10", "P.1,5,10", "map", "map_cut.5", "recip_rank"}
scored = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(found)
names = ["ndcg_cut_1", "ndcg_cut_5", "ndcg_cut_10", "recall_1", "recall_5", "recall_10", "P_1", "P_5", "P_10", "map", "map_cut_5", "recip_rank"]
label_rows = np.random.default_rng(3)
labels = (label_rows.random((30, 6)) < 0.4).astype(int)
labels[0], labels[1] = 0, 1
label_scores = np.round(label_rows.random((30, 6)), 1)
retrieval = {
    # trec_eval leaves out queries that nothing was found for; they count 0.
    "queries": queries,
    "expected": {name: sum(scored[q].get(name, 0.0) for q in scored) / len(queries) for name in names},
    "labels": labels.tolist(),
    "scores": label_scores.tolist(),
    "multilabel": {
        "ndcg": skm.ndcg_score(labels, label_scores),
        "ndcg_at_3": skm.ndcg_score(labels, label_scores, k=3),
        "lrap": skm.label_ranking_average_precision_score(labels, label_scores),
        "coverage": skm.coverage_error(labels, label_scores),
        "hamming": skm.hamming_loss(labels, label_scores > 0.5),
        "jaccard_samples": skm.jaccard_score(labels, label_scores > 0.5, average="samples", zero_division=0),
    },
}

HEARD = [(h, r[0]) for h, r in SYSTEMS[:20]] + [("", ""), ("  two   spaces ", "two spaces"), ("tab\tin it", "tab in it"), ("我们 三点", "我们 下午三点")]
heard = [h for h, _ in HEARD]
said = [r for _, r in HEARD]


def errors(result):
    runs = [[[c.type.replace("replace", "substitute"), c.ref_start_idx, c.ref_end_idx, c.hyp_start_idx, c.hyp_end_idx] for c in chunks] for chunks in result.alignments]
    return {"runs": runs, **{k: getattr(result, k) for k in ("hits", "substitutions", "deletions", "insertions", "wer", "mer", "wil", "cer") if hasattr(result, k)}}


speech = {"heard": heard, "said": said, "words": errors(jiwer.process_words(said, heard)), "characters": errors(jiwer.process_characters(said, heard))}

for name, value in (
    ("translation", translation),
    ("rouge", rouge),
    ("answers", answers),
    ("spans", spans),
    ("retrieval", retrieval),
    ("speech", speech),
):
    (FIXTURES / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
