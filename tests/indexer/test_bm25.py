"""Sparse vectors: which tokens there are, and what they weigh."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.bm25 import Bm25Encoder
from indexer.store import SparseVector


@pytest.fixture(scope="module")
def encoder() -> Bm25Encoder:
    return Bm25Encoder()


def weights(vector: SparseVector) -> dict[int, float]:
    return dict(zip(vector.indices, vector.values, strict=True))


def score(query: SparseVector, document: SparseVector) -> float:
    held = weights(document)
    return sum(value * held.get(index, 0) for index, value in weights(query).items())


def test_a_word_of_the_title_weighs_more(encoder: Bm25Encoder) -> None:
    document = weights(encoder.document("upload", "proxy"))
    (title,), (body,) = encoder.query("upload", "").indices, encoder.query("", "proxy").indices
    assert document[title] > document[body] > 0


def test_a_query_counts_each_word_once(encoder: Bm25Encoder) -> None:
    query = encoder.query("upload upload", "upload stops")
    assert query.values == (1.0, 1.0)


def test_long_documents_say_less_with_one_word(encoder: Bm25Encoder) -> None:
    query = encoder.query("proxy", "")
    short = encoder.document("", "proxy timeout")
    long = encoder.document("", "proxy timeout " + " ".join(f"word{n}" for n in range(900)))
    assert score(query, short) > score(query, long) > 0


def test_the_average_length_is_a_matter_of_choice() -> None:
    words = " ".join(f"word{n}" for n in range(100))
    low, high = (Bm25Encoder(average_length=n).document("", words).values[0] for n in (10, 1000))
    assert high > low


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("설치 중 인덱스 오류가 발생합니다", "인덱스 오류"),
        ("ошибка сети при загрузке", "ошибка сети"),
        ("アップロードが失敗する", "アップロード失敗"),
        ("上传文件时崩溃", "文件崩溃"),
        ("خطأ في الشبكة", "خطأ"),
        ("σφάλμα δικτύου", "σφάλμα"),
        ("readFileSync throws", "read file"),
    ],
)
def test_scripts_and_identifiers_are_found(encoder: Bm25Encoder, stored: str, asked: str) -> None:
    assert score(encoder.query(asked, ""), encoder.document("", stored)) > 0


def test_another_tokeniser_may_be_given() -> None:
    encoder = Bm25Encoder(tokens=lambda text: text.replace("x", " "))
    assert len(encoder.query("axbxc", "").indices) >= 2


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "x" * 65_536, "a b " * 30_000, "``` 🎉 ```"]
)
def test_any_text_is_encoded(encoder: Bm25Encoder, text: str) -> None:
    for vector in (encoder.document(text, text), encoder.query(text, text)):
        assert len(vector.indices) == len(vector.values)


@given(title=st.text(max_size=60), body=st.text(max_size=200))
def test_tokens_are_unique_sorted_and_positive(title: str, body: str) -> None:
    vector = Bm25Encoder().document(title, body)
    assert list(vector.indices) == sorted(set(vector.indices))
    assert all(0 <= index < 2**32 for index in vector.indices)
    assert all(value > 0 for value in vector.values)
