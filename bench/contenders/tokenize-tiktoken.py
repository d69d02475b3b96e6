"""tiktoken in one thread, with cl100k_base's ranks from a file."""
import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tiktoken_ext import openai_public
from tokenize_corpus import lines, print_rate, settings

openai_public.load_tiktoken_bpe = lambda *_, **__: load_tiktoken_bpe(settings["ranks"])
encoding = tiktoken.get_encoding("cl100k_base")
print_rate(lambda: [encoding.encode_ordinary(line) for line in lines])
