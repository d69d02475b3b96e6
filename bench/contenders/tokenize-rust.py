"""Hugging Face's tokenizers in one thread: ids alone by its fastest call, or with offsets."""
from tokenize_corpus import lines, print_rate, settings
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(settings["file"])
print_rate(lambda: tokenizer.encode_batch(lines) if settings.get("offsets") else tokenizer.encode_batch_fast(lines))
