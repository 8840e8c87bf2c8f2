import json
from importlib.resources import files

import numpy as np
import pytest

from indexer.features import FEATURES
from indexer.ranking import MODEL_FILE, NEARNESS, Calibration, RankingModel, shipped_model

CALIBRATION = Calibration(intercept=-2.0, score=1.0, crowd=-0.5)


def test_the_shipped_model_knows_its_features_and_says_where_it_comes_from():
    record = json.loads(files("indexer").joinpath(MODEL_FILE).read_text(encoding="utf-8"))
    assert set(record["weights"]) <= set(FEATURES)
    assert record["data"]
    assert record["date"]
    assert record["recall at 1, 5, 10"]["test"]


def test_in_the_shipped_model_nothing_shared_counts_against_a_thread():
    weights = shipped_model().weights
    shared = set(weights) - {"age", "quiet", "thread_length"}
    assert all(weights[name] > 0 for name in shared)
    assert all(weights.get(name, 0) <= 0 for name in ("age", "quiet"))


def test_scores_are_the_weighted_sum():
    model = RankingModel({"a": 2.0, "b": -1.0}, CALIBRATION)
    scores = model.scores({"a": np.array([1.0, 0.0]), "b": np.array([0.5, 2.0]), "c": np.ones(2)})
    assert scores.tolist() == [1.5, -2.0]


def test_the_same_score_says_less_where_there_are_more_to_choose_from():
    few, many = (CALIBRATION.probability(np.array([2.0]), size)[0] for size in (100, 100_000))
    assert few > many


def test_hardly_any_threads_are_no_reason_to_be_sure():
    none, some = (CALIBRATION.probability(np.array([2.0]), size)[0] for size in (0, 100))
    assert none == some < 1


def test_probabilities_are_probabilities_however_far_the_scores_run():
    found = CALIBRATION.probability(np.array([1e6, 0.0, -1e6]), 1000)
    assert ((found >= 0) & (found <= 1)).all()


def test_a_model_file_without_calibration_is_refused():
    with pytest.raises(KeyError, match="calibration"):
        RankingModel.from_json({"weights": {}})


def test_words_tell_nothing_across_scripts_and_count_as_usual_for_one_as_near():
    model = RankingModel({}, CALIBRATION, {"words": (0.1, 0.5)})
    features = {"words": np.array([0.0, 0.0, 0.9]), NEARNESS: np.array([0.4, 0.4, 0.4])}
    foreign = np.array([True, False, True])
    assert model.completed(features, foreign)["words"].tolist() == pytest.approx([0.3, 0.0, 0.9])
    assert features["words"].tolist() == [0.0, 0.0, 0.9]


def test_the_shipped_model_completes_only_features_that_there_are():
    usual = shipped_model().usual
    assert set(usual) <= set(FEATURES)
    assert NEARNESS in FEATURES
    assert all(slope > 0 for _, slope in usual.values())
