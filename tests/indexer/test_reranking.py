"""The optional cross-encoder, through the real runtime: a tiny model stands for a large one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from indexer.edge_store import EdgeStore
from indexer.errors import ModelError, SettingError
from indexer.indexing import index_threads
from indexer.query import Query
from indexer.reranking import open_reranker, reordered
from indexer.search import Searcher
from indexer.settings import IndexSettings
from tests.builders import NOW, REPO, thread
from tests.fakes_embedding import ToyEmbedder
from tests.fakes_reranking import MODEL, write_cross_encoder

WORDS = ("gpx", "export", "altitude", "barometer", "lost", "track")


def settings_for(folder, **fields):
    return IndexSettings(
        data_dir=folder / "data", rerank_model=MODEL, rerank_model_path=folder / "model", **fields
    )


@pytest.fixture(name="reranker")
def make_reranker(tmp_path):
    write_cross_encoder(tmp_path / "model", WORDS)
    return open_reranker(settings_for(tmp_path, embedding_threads=1))


def test_it_is_off_by_default(tmp_path):
    assert open_reranker(IndexSettings(data_dir=tmp_path)) is None


def test_it_reads_both_texts_together(reranker):
    texts = ["Altitude lost in GPX", "gpx", "nothing of it", ""]
    assert reranker.read("GPX export: altitude\n is lost", texts).tolist() == [3, 1, 0, 0]
    assert reranker.read("barometer", texts).tolist() == [0, 0, 0, 0]
    assert reranker.read("barometer", []).tolist() == []


@pytest.mark.parametrize("text", ["\ud800 gpx", "gpx\x00", "gpx " + "x" * 60_000, "gpx \u202e"])
def test_any_text_can_be_read(reranker, text):
    assert reranker.read(text, ["export gpx", text])[0] == 1


def test_the_rest_of_a_huge_text_is_not_read(reranker):
    assert reranker.read("gpx", ["x" * 3000 + " gpx"]).tolist() == [0]


def test_numbers_that_are_none_are_one_sentence(tmp_path):
    write_cross_encoder(tmp_path / "model", WORDS, factor=math.nan)
    reranker = open_reranker(settings_for(tmp_path))
    with pytest.raises(ModelError, match=f"RERANK_MODEL: {MODEL} computes no usable numbers"):
        reranker.read("gpx", ["gpx"])


def test_an_unknown_model_names_the_setting_and_the_known_ones(tmp_path):
    settings = IndexSettings(data_dir=tmp_path, rerank_model="acme/none")
    with pytest.raises(SettingError, match=f"RERANK_MODEL: .*acme/none; it knows .*{MODEL}"):
        open_reranker(settings)


def test_a_folder_alone_is_not_enough(tmp_path):
    settings = IndexSettings(data_dir=tmp_path, rerank_model_path=tmp_path)
    with pytest.raises(SettingError, match="RERANK_MODEL: name the model"):
        open_reranker(settings)


@pytest.mark.parametrize("missing", ["onnx/model.onnx", "tokenizer.json", "tokenizer_config.json"])
def test_a_folder_that_lacks_a_file_names_it(tmp_path, missing):
    write_cross_encoder(tmp_path / "model", WORDS)
    (tmp_path / "model" / missing).unlink()
    with pytest.raises(SettingError, match=f"RERANK_MODEL_PATH: .* has no {missing}"):
        open_reranker(settings_for(tmp_path))


def test_a_file_that_is_no_model_is_one_sentence(tmp_path):
    write_cross_encoder(tmp_path / "model", WORDS)
    (tmp_path / "model" / "onnx" / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=f"RERANK_MODEL: {MODEL} in .* cannot be loaded") as raised:
        open_reranker(settings_for(tmp_path))
    assert "\n" not in str(raised.value)


def test_without_the_hub_it_fails_at_once(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    settings = IndexSettings(data_dir=tmp_path, rerank_model=MODEL)
    with pytest.raises(ModelError, match=f"{MODEL} is not on this machine.* set RERANK_MODEL_PATH"):
        open_reranker(settings)


def test_both_opinions_count_alike():
    scores = np.array([4.0, 3.0, 1.0])
    assert reordered(scores, np.array([0.0, 0.0, 0.0])) == [0, 1, 2]
    assert reordered(scores, np.array([0.0, 9.0, 0.0])) == [1, 0, 2]
    # However far apart a model's numbers lie.
    assert reordered(scores, np.array([0.0, 9e6, 0.0])) == [1, 0, 2]
    assert reordered(np.array([2.0]), np.array([-5.0])) == [0]


@pytest.fixture(name="kb")
def make_kb(tmp_path):
    embedder = ToyEmbedder()
    kb = EdgeStore.open(tmp_path / "kb", embedder.fingerprint)
    texts = {
        1: ("Harbor stops on start", "The harbor stops on start after the update."),
        2: ("Harbor stops", "Then the barometer track is lost."),
        3: ("Charts are slow", "Zooming takes a while."),
    }
    threads = [thread(number, title, body) for number, (title, body) in texts.items()]
    index_threads(kb, embedder, REPO, threads)
    yield kb
    kb.close()


QUERY = Query(REPO, "Harbor stops on start", "The barometer track is lost.", before=NOW)


def test_the_best_are_reordered_and_the_probabilities_stay_with_the_places(kb, reranker):
    plain = Searcher(kb, ToyEmbedder()).search(QUERY)
    again = Searcher(kb, ToyEmbedder(), reranker=reranker).search(QUERY)
    assert [c.number for c in plain][:2] == [1, 2]
    assert [c.number for c in again][:2] == [2, 1]
    assert [c.probability for c in again] == [c.probability for c in plain]
    assert [c.score for c in again] == [c.score for c in plain]
    assert {c.number for c in again} == {c.number for c in plain}
    assert {c.number: c.features["cross_encoder"] for c in again} == {1: 0, 2: 3, 3: 0}
    assert "cross_encoder" not in plain[0].features


def test_an_issues_number_is_no_word(kb, reranker):
    texts = []

    class Listening:
        def read(self, query, given):
            texts.extend([query, *given])
            return np.zeros(len(given))

    asked = replace(QUERY, body="As in #2: the barometer track is lost.")
    Searcher(kb, ToyEmbedder(), reranker=Listening()).search(asked)
    assert len(texts) == 4
    assert all("#2" not in text for text in texts)
    assert any(text.startswith("Harbor stops\nThen") for text in texts)


def test_measuring_sees_the_same_order(kb, reranker):
    ranked = Searcher(kb, ToyEmbedder(), reranker=reranker).rank(QUERY)
    assert [ranked.keys[row][1] for row in ranked.order][:2] == [2, 1]


def test_nothing_found_is_nothing_to_read(tmp_path, reranker):
    empty = EdgeStore.open(tmp_path / "empty", ToyEmbedder().fingerprint)
    assert Searcher(empty, ToyEmbedder(), reranker=reranker).search(QUERY) == []
    empty.close()
