import numpy as np
import pytest

from indexer.spread import Spread

DIMENSION = 8


def rows(count, seed=0):
    random = np.random.default_rng(seed)
    found = random.normal(size=(count, DIMENSION)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_without_issues_vectors_stay_as_they_are():
    some = rows(5)
    assert np.allclose(
        Spread.of(np.zeros((0, DIMENSION), np.float32), DIMENSION).evened(some), some
    )


def test_one_issue_hardly_changes_anything():
    some = rows(5)
    evened = Spread.of(rows(1, seed=1), DIMENSION).evened(some)
    assert np.abs(evened @ evened.T - some @ some.T).max() < 0.15


def test_what_all_issues_share_no_longer_makes_them_near():
    common = np.zeros(DIMENSION, np.float32)
    common[0] = 5
    crowd = rows(500) + common
    crowd /= np.linalg.norm(crowd, axis=1, keepdims=True)
    evened = Spread.of(crowd, DIMENSION).evened(crowd)
    assert (crowd @ crowd.T).mean() > 0.9
    assert abs((evened @ evened.T).mean()) < 0.15


def test_a_direction_in_which_issues_differ_much_counts_less():
    stretched = rows(2000)
    stretched[:, 0] *= 6
    spread = Spread.of(stretched, DIMENSION)
    before, after = (
        stretched.std(axis=0),
        ((stretched - spread.centre) @ spread.transform).std(axis=0),
    )
    assert after.max() / after.min() < before.max() / before.min()


def test_a_row_of_zeros_is_near_nothing():
    spread = Spread.of(rows(100), DIMENSION)
    evened = spread.evened(np.zeros((1, DIMENSION), np.float32))
    assert evened.tolist() == [[0.0] * DIMENSION]


def test_asking_with_the_turned_vector_orders_nearly_as_evened_cosines():
    stretched = rows(800)
    stretched[:, 0] = stretched[:, 0] * 3 + 2
    stretched /= np.linalg.norm(stretched, axis=1, keepdims=True)
    spread = Spread.of(stretched, DIMENSION)
    query = stretched[0]
    wanted = spread.evened(stretched) @ spread.evened(query[np.newaxis])[0]
    asked = stretched @ spread.towards(query)
    assert np.corrcoef(wanted, asked)[0, 1] > 0.9
    assert np.linalg.norm(spread.towards(query)) == pytest.approx(1, abs=1e-5)
