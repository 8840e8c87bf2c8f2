import pytest

from indexer.originals import end_of_chain


@pytest.mark.parametrize(
    ("links", "ends"),
    [
        ({9: 5}, {9: 5}),
        ({9: 5, 5: 2}, {9: 2, 5: 2}),
        ({9: 5, 5: 2, 2: 1}, {9: 1, 5: 1, 2: 1}),
        # A circle is broken at its oldest issue, which has no original then.
        ({9: 5, 5: 9}, {9: 5, 5: None}),
        ({9: 5, 5: 2, 2: 9}, {9: 2, 5: 2, 2: None}),
        # One that leads into a circle is no part of it.
        ({3: 9, 9: 5, 5: 9}, {3: 5}),
    ],
)
def test_chains_end_and_circles_are_broken(links, ends):
    assert {n: end_of_chain(n, links[n], links.get) for n in ends} == ends


def test_a_chain_without_end_is_given_up():
    asked = []

    def original_of(number):
        asked.append(number)
        return number + 1

    assert end_of_chain(1, 2, original_of) is not None
    assert len(asked) < 50
