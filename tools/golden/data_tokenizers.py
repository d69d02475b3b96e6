"""Reference values for @nacre/data's tokenizers: small ones of every kind, made and asked by the libraries themselves.

Usage: python tools/golden/data_tokenizers.py
Needs: tokenizers==0.23.3 tiktoken==0.14.0 sentencepiece==0.2.3
Writes: packages/data/src/tokenizers/fixtures/{tokenizers,tiktoken,sentencepiece,training}.json.gz
"""

import base64
import gzip
import io
import json
import random
import re
import tempfile
from pathlib import Path

import sentencepiece
import tiktoken
import tokenizers
from tiktoken_ext import openai_public
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = Path(__file__).parents[2] / "packages/data/src/tokenizers/fixtures"
VERSIONS = f"tokenizers {tokenizers.__version__}, tiktoken {tiktoken.__version__}, sentencepiece {sentencepiece.__version__}"

# A corpus of our own: sentences put together at random from parts in several languages and scripts.
PARTS = {
    "who": "the sailor|an old captain|my neighbour's daughter|nobody|der Müller|ein kleines Mädchen|la pêcheuse|她|老船长|孩子们|Мария|ο ψαράς".split("|"),
    "does": "opens|doesn't open|finds|sells|can't see|öffnet|verkauft|ouvre|发现了|打开|нашла|άνοιξε".split("|"),
    "what": "the shell|12 oysters|a pearl worth $3,450.75|nothing, really!|die Muschel|une huître nacrée|一颗珍珠|贝壳|раковину|ένα μαργαριτάρι|naïve café façades|e-mail: crab@reef.example".split("|"),
    "where": "at low tide|under the pier|in 1999|on the internet|bei Ebbe|à marée basse|在海边|у моря|στην παραλία|👩‍🚀🌊|(perhaps)|…".split("|"),
}


def corpus(lines, seed):
    draw = random.Random(seed)
    sentence = lambda: " ".join(draw.choice(PARTS[part]) for part in PARTS) + draw.choice([".", "!", "?", "。", "", " ;-)", "...\t"])
    return [" ".join(sentence() for _ in range(draw.choice([1, 1, 2, 3]))) for _ in range(lines)]


CORPUS = corpus(400, 1)

TEXTS = [
    "", " ", "  ", "\n", "\t\n \r\n", "a", " a", "a ", "   the   sailor  ", "the sailor\n\nopens\r\n the shell",
    "The SAILOR'S shell isn't opened, we'll've they're I'M 'tis 'S", "don't DON'T don’t 'ſ 'ſt", "x'''s''t", "1234567890 12 345,678.90", "½ ² ⅷ ٣٤٥ 一二三 ①②③",
    "pêcheuse pe\u0302cheuse naïve nai\u0308ve Å A\u030a \u212b", "e\u0301\u0323\u0302 \u0301start a\u0315\u0300\u05ae\u0301b", "한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8 가각",
    "她在海边发现了一颗珍珠。", "日本語のテキスト、カタカナー", "ｆｕｌｌｗｉｄｔｈ ＡＢＣ１２３　ﾊﾝｶｸｶﾞ ㎞ ﬁ ﷺ ㍿", "العربية ‏RTL‎ שלום עולם", "हिन्दी में लिखा ไทยภาษา ភាសាខ្មែរ தமிழ்",
    "👩‍🚀🌊 👍🏽 🇩🇪🇫🇷 👨‍👩‍👧‍👦 🏳️‍🌈 ☺️ ☃", "🦀🦀🦀", "\u0000a\u0000b", "\u0001\u0007\u001b[0m\u007f\u0085\u009f", "zero\u200bwidth\u200cjoin\u200der\u2060 \ufeffbom \u00adsoft",
    "nbsp\u00a0thin\u2009ideo\u3000line\u2028para\u2029ogham\u1680x", "\ufffd\ufffe\uffff\ufdd0", "\u0378\u0379 \U000e0001 \U0001fae8 \U00031350 \U000f0000 \U0010ffff", "ǅ ß ẞ İ ı ﬀ Σ ΑΣ ΟΔΟΣ. σς K",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 𠀀𠮷 𐍈 𑀓𑁆", "a" * 130, "ab" * 150 + " " + "z" * 101, " " * 40 + "x" + " " * 7, "\n" * 9 + "y\n\n\n", "=====----->>>>> /* */ {}[]()<>#@!$%^&*_+|\\~`\"", "_snake_case camelCase HTML5 v2.0.1-rc", "<0x41> <unk> <s> </s> [CLS] [MASK] ##ing ▁ ▁▁the Ġthe",
    "crab@reef.example https://example.org/a?b=c&d=%20#e", "tab\tsep\tvalues  two  spaces   three", "“quotes” ‘single’ «guillemets» — – … · •", "ends with spaces   ", "ends\n  ", "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030d\u030e\u030f" * 3,
    "the sailor<|end|>opens <|end|> the<mask>shell <mask> x  <tag>y Tag tags TAG <TAG> café CAFÉ", "Z\u0335\u0321\u034ea\u0334l\u0337go", "\u1e9b\u0323 \u0344 \u0958 \ufb1d \u2126", "\r\n\r\n\r", "x\r\ny\u2028z", " \u00a0 \u2003a",
]


def utf16(text):
    """Place in UTF-16 units of every place in characters."""
    places = [0]
    for character in text:
        places.append(places[-1] + (2 if ord(character) > 0xFFFF else 1))
    return places


def case(tokenizer, text, pair=None):
    encoding = tokenizer.encode(text, pair)

    def columns(one):
        places = [utf16(text), utf16(pair or "")]
        return {
            "ids": one.ids,
            "tokens": one.tokens,
            "offsets": [
                [0, 0] if sequence is None else [places[sequence][start], places[sequence][end]]
                for (start, end), sequence in zip(one.offsets, one.sequence_ids)
            ],
            "typeIds": one.type_ids,
            "words": [-1 if word is None else word for word in one.word_ids],
            "sequences": [-1 if sequence is None else sequence for sequence in one.sequence_ids],
            "specialMask": one.special_tokens_mask,
            "attentionMask": one.attention_mask,
        }

    return {
        "text": text,
        **({} if pair is None else {"pair": pair}),
        **columns(encoding),
        "overflowing": [columns(one) for one in encoding.overflowing],
        "decoded": tokenizer.decode(encoding.ids),
        "decodedAll": tokenizer.decode(encoding.ids, skip_special_tokens=False),
    }


def slim(one):
    """Only what a test of ids, tokens and offsets needs."""
    return {key: one[key] for key in ("text", "ids", "tokens", "offsets", "decoded")}


def train(tokenizer, trainer, lines=CORPUS):
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


QUIET = {"show_progress": False}
BYTES = pre_tokenizers.ByteLevel.alphabet()
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")


def gpt2():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, trainers.BpeTrainer(vocab_size=500, initial_alphabet=BYTES, special_tokens=["<|end|>"], **QUIET))


def roberta():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, trainers.BpeTrainer(vocab_size=450, initial_alphabet=BYTES, special_tokens=["<s>", "</s>", "<pad>"], **QUIET))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.add_tokens([AddedToken("<tag>", rstrip=True), AddedToken("tag", single_word=True)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0), trim_offsets=True, add_prefix_space=True)
    return tokenizer


def modern(pattern, normalizer=None):
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, trainers.BpeTrainer(vocab_size=450, initial_alphabet=BYTES, special_tokens=["<|begin|>", "<|end|>"], **QUIET))
    tokenizer.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing("<|begin|> $A", "<|begin|> $A <|begin|> $B:1", [("<|begin|>", 0)])]
    )
    return tokenizer


def llama2():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    train(tokenizer, trainers.BpeTrainer(vocab_size=520, special_tokens=specials, limit_alphabet=60, **QUIET))
    plain = json.loads(tokenizer.to_str())
    plain["added_tokens"] = plain["added_tokens"][:3]
    plain["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(plain))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s>:1 $B:1", [("<s>", 1)])
    return tokenizer


def mistral():
    plain = json.loads(llama2().to_str())
    plain["normalizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(plain))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return tokenizer


def clip():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    tokenizer.decoder = decoders.BPEDecoder()
    return train(tokenizer, trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=80, **QUIET))


def bert(**options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    train(tokenizer, trainers.WordPieceTrainer(vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], **QUIET))
    tokenizer.add_tokens([AddedToken("café", normalized=True)])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


RULES = "\n".join(
    f"{' '.join(f'{ord(c):X}' for c in source)}\t{' '.join(f'{ord(c):X}' for c in target)}"
    for source, target in [("ﬁ", "fi"), ("㎞", "km"), ("\u3000", " "), ("\u00a0", " "), ("\t", " "), ("\n", " "), ("\u200b", ""), ("e\u0301", "é"), ("A\u030a", "Å"), ("½", "1/2"), ("...", "…"), ("İ", "i")]
)


def unigram_proto(**options):
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        rules.write_text(RULES + "\n", encoding="utf-8")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=model, normalization_rule_tsv=str(rules), hard_vocab_limit=False,
            minloglevel=2, num_threads=1, **options,
        )
        return model.getvalue()


def t5():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    train(tokenizer, trainers.UnigramTrainer(vocab_size=300, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", **QUIET))
    from sentencepiece import sentencepiece_model_pb2 as proto

    message = proto.ModelProto()
    message.ParseFromString(unigram_proto(vocab_size=200))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(message.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=False), normalizers.Replace(Regex(" {2,}"), "▁")]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [("</s>", 1)])
    return tokenizer


def xlnet():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always"), pre_tokenizers.Punctuation("merged_with_previous")])
    train(tokenizer, trainers.UnigramTrainer(vocab_size=260, special_tokens=["<unk>", "<s>"], unk_token="<unk>", **QUIET))
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return tokenizer


def words():
    vocabulary = {token: index for index, token in enumerate(["<unk>", *sorted({word for line in CORPUS for word in re.findall(r"\w+|[^\w\s]", line)})])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), pre_tokenizers.Split(Regex(r"\s+"), "removed"), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits()])
    return tokenizer


def spans():
    """Odd splits on their own."""
    result = []
    for pattern, behavior, invert in [
        ("-", "merged_with_previous", False), ("-", "merged_with_next", False), ("-", "contiguous", False), ("-", "removed", False), ("-", "isolated", True),
        (Regex(r"(?i)the|\bo\w*"), "isolated", False), (Regex(r"[[:upper:]][^\W\d]*|\h{2}"), "removed", True), (Regex(r"[^\s\p{Han}]++(?=\S)|(?>a+)b|\p{Greek}+"), "contiguous", False), (Regex(r"^.|.$"), "isolated", False),
    ]:
        split = pre_tokenizers.Split(pattern, behavior, invert)
        specification = json.loads(split.__getstate__())
        result.append(
            {
                "specification": specification,
                "cases": [
                    {"text": text, "pieces": [piece for piece, _ in split.pre_tokenize_str(text)]}
                    for text in TEXTS + ["--a-b--c-", "-", "The other thE bothering", "aab aaab aa", "x\ny\nz"]
                    if text
                ],
            }
        )
    return result


def limits():
    """Pairs, truncation, strides and padding."""
    tokenizer = bert()
    sentences = [CORPUS[0], CORPUS[1], "the shell", CORPUS[2] + " " + CORPUS[3]]
    result = {"tokenizer": json.loads(tokenizer.to_str()), "cases": []}
    for max_length, stride, strategy, direction in [
        (12, 0, "longest_first", "right"), (17, 3, "longest_first", "right"), (13, 2, "only_first", "left"), (30, 5, "only_second", "right"), (9, 1, "longest_first", "left"), (5, 0, "longest_first", "right"),
    ]:
        for first, second in [(0, None), (1, 2), (2, 3), (3, 0)]:
            if (strategy == "only_second" and second != 3) or (strategy == "only_first" and first == 2):
                continue
            tokenizer.enable_truncation(max_length, stride=stride, strategy=strategy, direction=direction)
            try:
                one = case(tokenizer, sentences[first], None if second is None else sentences[second])
            except BaseException:  # the library panics where a stride does not fit
                continue
            result["cases"].append({"truncation": {"length": max_length, "stride": stride, "strategy": strategy.replace("_", "-"), "side": direction}, **one})
    tokenizer.no_truncation()
    result["batches"] = []
    for options, ours in [
        ({}, {"length": "longest"}), ({"direction": "left", "pad_to_multiple_of": 8}, {"length": "longest", "side": "left", "multipleOf": 8}), ({"length": 70, "pad_type_id": 1}, {"length": 70, "typeId": 1}),
    ]:
        tokenizer.enable_padding(pad_id=0, pad_token="[PAD]", **options)
        batch = tokenizer.encode_batch([sentences[0], (sentences[1], sentences[2]), ""])
        result["batches"].append({"padding": ours, "texts": [sentences[0], [sentences[1], sentences[2]], ""], "ids": [one.ids for one in batch], "masks": [one.attention_mask for one in batch], "typeIds": [one.type_ids for one in batch]})
    return result


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"source": f"tools/golden/data_tokenizers.py, {VERSIONS}", **value}, ensure_ascii=False, separators=(",", ":"))
    (OUT / f"{name}.json.gz").write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))


def all_tokenizers():
    made = {
        "gpt2": gpt2(), "roberta": roberta(), "llama3": modern(LLAMA3), "qwen2": modern(QWEN2, normalizers.NFC()), "llama2": llama2(), "mistral": mistral(), "clip": clip(), "bert": bert(),
        "bertCased": bert(lowercase=False, strip_accents=False, handle_chinese_chars=False), "t5": t5(), "xlnet": xlnet(), "words": words(),
    }
    result = {}
    for name, tokenizer in made.items():
        # UnicodeScripts loses what stands before the first character of a known script.
        texts = [text for text in TEXTS if not (name == "words" and text.startswith("\u0378"))]
        cases = [slim(case(tokenizer, text)) for text in texts]
        result[name] = {"tokenizer": json.loads(tokenizer.to_str()), "cases": cases}
    return result


def all_tiktoken():
    # Small ranks: every byte, then merges that a small tokenizer learnt.
    learnt = json.loads(gpt2().to_str())["model"]
    byte_of = {character: byte for byte, character in byte_characters().items()}
    ranks = {bytes([byte]): byte for byte in range(256)}
    for left, right in learnt["merges"]:
        token = bytes(byte_of[character] for character in left + right)
        ranks.setdefault(token, len(ranks))
    result = {"ranks": "".join(f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks.items()), "encodings": {}}
    # The patterns alone: no ranks are fetched.
    openai_public.load_tiktoken_bpe = lambda *_, **__: {}
    patterns = {name: getattr(openai_public, name)()["pat_str"] for name in ["r50k_base", "cl100k_base", "o200k_base"]}
    for name, pattern in patterns.items():
        encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|end|>": len(ranks)})
        result["encodings"][name] = {"pattern": pattern, "cases": [{"text": text, "ids": encoding.encode(text, allowed_special="all")} for text in TEXTS]}
    return result


def byte_characters():
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    characters = {byte: chr(byte) for byte in printing}
    spare = iter(range(0x100, 0x200))
    for byte in range(256):
        if byte not in characters:
            characters[byte] = chr(next(spare))
    return characters


def all_sentencepiece():
    result = {}
    for name, options in {
        "unigram": {"vocab_size": 280, "character_coverage": 0.98},
        "unigramBytes": {"vocab_size": 500, "character_coverage": 0.98, "byte_fallback": True, "user_defined_symbols": ["<tag>", "the shell"]},
        "bpe": {"vocab_size": 520, "model_type": "bpe", "byte_fallback": True, "character_coverage": 0.98, "split_digits": True, "remove_extra_whitespaces": False, "user_defined_symbols": ["<tag>"]},
        "bpeUnknown": {"vocab_size": 260, "model_type": "bpe", "character_coverage": 0.98, "add_dummy_prefix": False},
    }.items():
        model = unigram_proto(**options)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        cases = []
        for text in TEXTS:
            ids = processor.encode(text)
            cases.append({"text": text, "ids": ids, "pieces": processor.encode(text, out_type=str), "decoded": processor.decode(ids)})
        result[name] = {"model": base64.b64encode(model).decode(), "cases": cases}
    return result


def all_training():
    lines = corpus(250, 2)
    result = {"lines": lines, "trained": {}}

    def keep(name, tokenizer):
        result["trained"][name] = json.loads(tokenizer.to_str())

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    keep("byteLevel", train(tokenizer, trainers.BpeTrainer(vocab_size=600, initial_alphabet=BYTES, special_tokens=["<|end|>"], **QUIET), lines))
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    keep("characters", train(tokenizer, trainers.BpeTrainer(vocab_size=400, min_frequency=3, limit_alphabet=50, special_tokens=["[UNK]"], max_token_length=5, **QUIET), lines))
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    keep("wordPiece", train(tokenizer, trainers.WordPieceTrainer(vocab_size=500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], **QUIET), lines))
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    keep("unigram", train(tokenizer, trainers.UnigramTrainer(vocab_size=400, special_tokens=["<unk>"], unk_token="<unk>", **QUIET), lines))
    return result


if __name__ == "__main__":
    write("tokenizers", {"tokenizers": all_tokenizers(), "splits": spans(), "limits": limits()})
    write("tiktoken", all_tiktoken())
    write("sentencepiece", {"models": all_sentencepiece()})
    write("training", all_training())
