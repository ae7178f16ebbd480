"""Vocabularies, word vectors and corpora."""

import hashlib
import zipfile
from collections import Counter

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, nd
from gluonx.contrib import text
from gluonx.data.text import CorpusDataset, WikiText2, bptt_batchify, embedding

COUNTER = Counter(["a", "b", "b", "c", "c", "c", "some_word$"])


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    monkeypatch.setenv("MXNET_GLUON_REPO", (tmp_path / "repository").as_uri())
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "home"))


# -- vocabularies; the numbers are those of MXNet 1.9.1 -------------------------------------------


def test_tokens_are_counted():
    count = text.utils.count_tokens_from_str
    source = " Life is great ! \n life is good . \n"
    expected = {"life": 2, "is": 2, "great": 1, "!": 1, "good": 1, ".": 1}
    assert count(source, to_lower=True) == expected
    assert count(source.replace(" ", "*"), r"\*", to_lower=True) == expected
    counter = Counter(is_=1, life=5)
    assert count(source, counter_to_update=counter) is counter
    assert (counter["life"], counter["Life"], counter["is_"]) == (6, 1, 1)


def test_tokens_get_numbers_by_frequency():
    for arguments, tokens in (
        ({}, ["<unk>", "c", "b", "a", "some_word$"]),
        ({"most_freq_count": 2}, ["<unk>", "c", "b"]),
        ({"most_freq_count": 0}, ["<unk>"]),
        ({"min_freq": 2}, ["<unk>", "c", "b"]),
        ({"min_freq": 9}, ["<unk>"]),
        ({"unknown_token": "b"}, ["b", "c", "a", "some_word$"]),
        (
            {"most_freq_count": 2, "reserved_tokens": ["b", "<pad>"]},
            ["<unk>", "b", "<pad>", "c", "a"],
        ),
    ):
        vocabulary = text.vocab.Vocabulary(COUNTER, **arguments)
        assert vocabulary.idx_to_token == tokens, arguments
        assert vocabulary.token_to_idx == {token: i for i, token in enumerate(tokens)}
        assert len(vocabulary) == len(tokens)
        assert vocabulary.unknown_token == tokens[0]
    assert vocabulary.reserved_tokens == ["b", "<pad>"]
    assert (vocabulary.to_indices(["c", "zz"]), vocabulary.to_indices("a")) == ([3, 0], 4)
    assert (vocabulary.to_tokens(0), vocabulary.to_tokens([1, 2])) == ("<unk>", ["b", "<pad>"])
    assert vocabulary.to_tokens(nd.array([3, 4])) == ["c", "a"]
    numbers = text.vocab.Vocabulary(Counter([(1, 2), (1, 2), (0, 1)]), unknown_token=(0, 0))
    assert numbers.to_indices([(1, 2), (5, 5)]) == [1, 0]
    assert len(text.vocab.Vocabulary()) == 1 and "c" in vocabulary and "zz" not in vocabulary


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda v: v(min_freq=0), ValueError, "min_freq must be 1 or greater, got 0"),
        (lambda v: v(reserved_tokens=["a", "a"]), ValueError, "must be different"),
        (lambda v: v(reserved_tokens=["<unk>"]), ValueError, "must be different"),
        (lambda v: v({"a": 1}), TypeError, "collections.Counter, got dict"),
        (lambda v: v(COUNTER).to_tokens([0, 5]), ValueError, "5 is not the number of a token"),
        (lambda v: v(COUNTER).to_tokens(-1), ValueError, "from 0 to 4"),
        (lambda v: v(COUNTER).to_tokens(1.5), ValueError, "1.5 is not"),
    ],
)
def test_wrong_vocabularies_say_what_to_do(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(text.vocab.Vocabulary)


# -- word vectors ---------------------------------------------------------------------------------


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("3 2\na 1 2\nb 3 4\nc 5 6\n")
    return path


def host(array):
    return array.asnumpy().tolist()


def test_vectors_are_read_from_a_file(vectors):
    found = text.embedding.CustomEmbedding(vectors)
    assert (found.vec_len, found.idx_to_token) == (2, ["<unk>", "a", "b", "c"])
    assert host(found.idx_to_vec) == [[0, 0], [1, 2], [3, 4], [5, 6]]
    assert host(found.get_vecs_by_tokens(["A", "b"])) == [[0, 0], [3, 4]]
    assert host(found.get_vecs_by_tokens(["A", "b"], lower_case_backup=True)) == [[1, 2], [3, 4]]
    assert host(found.get_vecs_by_tokens("c")) == [5, 6]
    found.update_token_vectors(["a", "<unk>"], nd.array([[9, 9], [8, 8]]))
    found.update_token_vectors("b", nd.array([7, 7]))
    assert host(found.idx_to_vec) == [[8, 8], [9, 9], [7, 7], [5, 6]]
    for tokens, new, message in (
        (["a", "x"], nd.ones((2, 2)), r"\['x'\] have no vectors"),
        (["a", "b"], nd.ones((2, 3)), r"expected vectors of shape \(2, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            found.update_token_vectors(tokens, new)


def test_unknown_and_reserved_tokens_have_vectors(vectors):
    load = text.embedding.CustomEmbedding
    ones = load(vectors, init_unknown_vec=nd.ones, reserved_tokens=["<pad>", "b"])
    assert ones.idx_to_token == ["<unk>", "<pad>", "b", "a", "c"]
    assert host(ones.idx_to_vec) == [[1, 1], [0, 0], [3, 4], [1, 2], [5, 6]]
    vectors.write_text("a 1 2\n<unk> 7 8\nt o 3 4\na 5 6\n")
    with pytest.warns(UserWarning, match="line 4 of .* left out: 'a' was there before"):
        own = load(vectors)
    assert own.idx_to_token == ["<unk>", "a", "t o"]
    assert host(own.idx_to_vec) == [[7, 8], [1, 2], [3, 4]]


def test_vectors_for_a_vocabulary(vectors):
    vocabulary = text.vocab.Vocabulary(COUNTER, most_freq_count=2, reserved_tokens=["b", "<pad>"])
    found = text.embedding.CustomEmbedding(vectors, vocabulary=vocabulary)
    assert found.token_to_idx == vocabulary.token_to_idx
    assert host(found.idx_to_vec) == [[0, 0], [3, 4], [0, 0], [5, 6], [1, 2]]
    both = text.embedding.CompositeEmbedding(vocabulary, [found, found])
    assert host(both.idx_to_vec)[3] == [5, 6, 5, 6] and both.reserved_tokens == ["b", "<pad>"]
    assert both.vec_len == 4 and host(both.get_vecs_by_tokens("a")) == [1, 2, 1, 2]


def test_damaged_files_of_vectors_say_which_line(tmp_path):
    path = tmp_path / "v.txt"
    for content, message in (
        ("a 1 2\nb\n", "line 2 of .*there is no vector"),
        ("a 1 2\nb 1 x\n", "line 2 of"),
        ("a 1 2 3\nb 1 2\n", "line 2 of .*before have 3 elements, this has 2"),
        ("", "has no vectors"),
    ):
        path.write_text(content)
        with pytest.raises(ValueError, match=message):
            text.embedding.CustomEmbedding(path)
    with pytest.raises(ValueError, match="no file of vectors"):
        text.embedding.CustomEmbedding(tmp_path / "w.txt")
    path.write_text("a\t1\t2\nb\t3\t4\n", encoding="latin-1")
    assert text.embedding.CustomEmbedding(path, "\t", "latin-1").vec_len == 2


def test_published_vectors_lie_in_a_folder(tmp_path, monkeypatch):
    names = text.embedding.get_pretrained_file_names
    assert "glove.6B.50d.txt" in names("glove") and len(names()["fasttext"]) == 327
    sums = text.embedding.GloVe.pretrained_archive_name_sha1
    assert sums["glove.6B.zip"].startswith("b64e54f1") and len(sums) == 4
    folder = tmp_path / "home" / "embeddings" / "glove"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("a 1 2\n")
    (folder / "glove.6B.50d.txt").write_text("a 3 4\n")
    for name, vector in (("mine.txt", [1, 2]), ("glove.6B.50d.txt", [3, 4])):
        found = text.embedding.create("GloVe", pretrained_file_name=name)
        assert host(found.get_vecs_by_tokens("a")) == vector
    with pytest.raises(KeyError, match="neither a file in .* nor a known file"):
        text.embedding.GloVe("none.txt")
    with pytest.raises(gx.MXNetError, match=r"wiki\.simple\.vec; put them there, or .*\.zip"):
        text.embedding.FastText()
    with pytest.raises(KeyError, match="known are fasttext, glove"):
        names("x")
    # fetched
    data = b"1 2\nb 5 6\n"
    repository = tmp_path / "repository" / "gluon" / "embeddings" / "fasttext"
    repository.mkdir(parents=True)
    with zipfile.ZipFile(repository / "f.zip", "w") as archive:
        archive.writestr("f.vec", data)
    sums = [hashlib.sha1(d).hexdigest() for d in (data, (repository / "f.zip").read_bytes())]
    known = {"fasttext": [["f.vec", sums[0], "f.zip", sums[1]]]}
    monkeypatch.setattr(embedding, "_pretrained", lambda: known)
    assert host(text.embedding.FastText("f.vec").idx_to_vec) == [[0, 0], [5, 6]]


# -- corpora --------------------------------------------------------------------------------------

TEXT = " = Title = \n \n the cat sat on the mat \n the dog sat \n"
TOKENS = "= Title = <eos> the cat sat on the mat <eos> the dog sat <eos>".split()


def test_a_corpus_is_cut_into_pieces(tmp_path):
    folder = tmp_path / "home" / "datasets" / "wikitext-2"
    folder.mkdir(parents=True)
    for part in ("train", "valid"):
        (folder / f"wiki.{part}.tokens").write_text(TEXT)
    corpus = gluon.contrib.data.text.WikiText2(seq_len=4)
    vocabulary = corpus.vocabulary
    # MXNet's order: frequent ones first, then by the alphabet
    assert vocabulary.idx_to_token == [
        "<unk>", "<eos>", "the", "=", "sat", "Title", "cat", "dog", "mat", "on",
    ]  # fmt: skip
    assert corpus.frequencies["the"] == 3
    assert vocabulary.to_tokens(corpus.tokens) == TOKENS
    data, label = corpus[1]
    assert len(corpus) == 3 and data.dtype == np.int32
    assert vocabulary.to_tokens(data) == TOKENS[4:8]
    assert vocabulary.to_tokens(label) == TOKENS[5:9]
    batch, _ = next(iter(gluon.data.DataLoader(corpus, 3, last_batch="discard")))
    assert batch.shape == (3, 4)
    small = text.vocab.Vocabulary(Counter(["the"]))
    other = WikiText2(segment="validation", vocab=small, seq_len=14)
    assert other[0][0].asnumpy().tolist() == [int(token == "the") for token in TOKENS[:14]]
    with pytest.raises(ValueError, match="segment must be one of 'train'"):
        WikiText2(segment="dev")
    with pytest.raises(gx.MXNetError, match=r"wiki\.test\.tokens; put them there, or"):
        WikiText2(segment="test")
    with pytest.raises(ValueError, match="15 tokens, which are not enough"):
        WikiText2(seq_len=15)


def test_a_corpus_of_characters(tmp_path):
    (tmp_path / "a.txt").write_text("abc\nab\n")
    corpus = CorpusDataset(tmp_path / "a.txt", seq_len=2, tokenizer=lambda line: list(line.strip()))
    assert corpus.vocabulary.to_tokens(corpus.tokens) == ["a", "b", "c", "<eos>", "a", "b", "<eos>"]


def test_batches_for_bptt_go_on_where_the_last_one_ended():
    batches = bptt_batchify(nd.arange(23), 2, 4)
    assert len(batches) == 2 and batches[0][0].dtype == np.int32
    data = np.concatenate([d.asnumpy() for d, _ in batches])
    label = np.concatenate([x.asnumpy() for _, x in batches])
    assert data.T.tolist() == [list(range(8)), list(range(11, 19))]
    assert (label == data + 1).all()
    kept = bptt_batchify(range(23), 2, 4, last_batch="keep")
    assert [d.shape for d, _ in kept] == [(4, 2), (4, 2), (2, 2)]
    assert kept[-1][1].asnumpy()[-1].tolist() == [10, 21]
    with pytest.raises(IndexError):
        kept[3]
    for arguments, message in (
        ((range(8), 2, 4), "8 tokens are not enough"), ((range(8), 0, 4), "must be 1 or greater"),
        ((range(99), 2, 4, "pad"), "'discard' or 'keep'"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            bptt_batchify(*arguments)


def test_names_of_mxnet():
    import gluonx.contrib.text.vocab as spelled

    assert spelled.Vocabulary is gx.data.text.Vocabulary
    assert gluon.contrib.data.IntervalSampler is gluon.data.IntervalSampler
    assert issubclass(text.embedding.GloVe, text.embedding._TokenEmbedding)
