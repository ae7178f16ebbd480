"""Texts: vocabularies, trained word vectors, and corpora for language models."""

from . import embedding as embedding
from . import utils as utils
from . import vocab as vocab
from .corpus import CorpusDataset as CorpusDataset
from .corpus import WikiText2 as WikiText2
from .corpus import WikiText103 as WikiText103
from .corpus import bptt_batchify as bptt_batchify
from .embedding import CompositeEmbedding as CompositeEmbedding
from .embedding import CustomEmbedding as CustomEmbedding
from .embedding import FastText as FastText
from .embedding import GloVe as GloVe
from .embedding import TokenEmbedding as TokenEmbedding
from .utils import count_tokens_from_str as count_tokens_from_str
from .vocab import Vocabulary as Vocabulary

__all__ = [
    "CompositeEmbedding",
    "CorpusDataset",
    "CustomEmbedding",
    "FastText",
    "GloVe",
    "TokenEmbedding",
    "Vocabulary",
    "WikiText103",
    "WikiText2",
    "bptt_batchify",
    "count_tokens_from_str",
    "embedding",
    "utils",
    "vocab",
]
