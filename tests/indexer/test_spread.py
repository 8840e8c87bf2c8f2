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


def two_languages(count=300, korean=40):
    """What is said is in the last directions, the language in the first, which is far larger."""
    said = rows(count)
    said[:, 0] = 3
    said[:korean, 0] = -3
    said /= np.linalg.norm(said, axis=1, keepdims=True)
    return said, ["hangul"] * korean + ["latin"] * (count - korean)


def test_the_language_alone_makes_nothing_near():
    both, scripts = two_languages()
    spread = Spread.of(both, DIMENSION, scripts)
    gap = gap_between_languages(spread.evened(both, scripts))
    assert gap < gap_between_languages(Spread.of(both, DIMENSION).evened(both)) / 3


def gap_between_languages(evened):
    return (evened[:40] @ evened[:40].T).mean() - (evened[:40] @ evened[40:].T).mean()


def test_a_store_is_not_asked_for_a_language():
    both, scripts = two_languages()
    spread = Spread.of(both, DIMENSION, scripts)
    asked = both @ spread.towards(both[0], "hangul")
    assert abs(asked[1:40].mean() - asked[40:].mean()) < 0.1


def test_a_script_of_which_nothing_is_known_has_the_common_centre():
    both, scripts = two_languages()
    spread = Spread.of(both, DIMENSION, scripts)
    assert "cyrillic" not in spread.centres
    assert np.isfinite(spread.evened(both[:1], ["cyrillic"])).all()


def test_one_script_alone_changes_nothing():
    some = rows(300)
    plain, told = Spread.of(some, DIMENSION), Spread.of(some, DIMENSION, ["latin"] * 300)
    assert np.allclose(plain.evened(some), told.evened(some, ["latin"] * 300), atol=1e-5)
    assert np.allclose(plain.towards(some[0]), told.towards(some[0]), atol=1e-5)
