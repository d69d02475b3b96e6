"""Hugging Face's trainers in one thread, with the settings that Nacre's presets have."""
from tokenize_corpus import lines, print_rate, settings
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

QUIET = {"vocab_size": 16_000, "show_progress": False}


def bpe():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return tokenizer, trainers.BpeTrainer(initial_alphabet=alphabet, min_frequency=2, special_tokens=["<|endoftext|>"], **QUIET)


def wordpiece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return tokenizer, trainers.WordPieceTrainer(min_frequency=2, special_tokens=special, **QUIET)


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer, trainers.UnigramTrainer(special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", **QUIET)


def train():
    tokenizer, trainer = {"bpe": bpe, "wordpiece": wordpiece, "unigram": unigram}[settings["model"]]()
    tokenizer.train_from_iterator(lines, trainer)


print_rate(train)
