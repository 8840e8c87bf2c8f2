"""Opens what a command works with, and closes it whatever happens."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.errors import InputError, SettingError

if TYPE_CHECKING:
    from indexer.embedding import TextEmbedder
    from indexer.settings import IndexSettings
    from indexer.state import State
    from indexer.store import KnowledgeBase


@dataclass(frozen=True, slots=True)
class Parts:
    """What most commands work with."""

    kb: "KnowledgeBase"
    embedder: "TextEmbedder"
    state: "State"


def load_settings() -> "IndexSettings":
    """The indexer's settings.

    Raises:
        SettingError: one is wrong.
    """
    from indexer.settings import IndexSettings, load

    return load(IndexSettings)


def nothing_of(repo: str, settings: "IndexSettings") -> InputError:
    """What a command fails with that has nothing to look through."""
    return InputError(
        f"Nothing is indexed of {repo} in {settings.place}: run `backfill` or `import` first."
    )


def require_data(settings: "IndexSettings", repo: str) -> None:
    """For commands that only read: they do not make the folder that DATA_DIR mistypes.

    Raises:
        InputError: there is no such folder, and so nothing of the repository.
    """
    if not (settings.qdrant_url or settings.data_dir.is_dir()):
        raise nothing_of(repo, settings)


def require_indexed(kb: "KnowledgeBase", settings: "IndexSettings", repo: str) -> None:
    """Nothing found and nothing looked through are two things.

    Raises:
        InputError: the knowledge base has nothing of the repository.
    """
    from indexer.store import Where

    if kb.count(Where((repo,))) == 0:
        raise nothing_of(repo, settings)


@contextmanager
def opened(settings: "IndexSettings") -> Iterator[Parts]:
    """The knowledge base, the model and the state.

    Raises:
        InternError: one of them cannot be opened.
    """
    from indexer import embedding, knowledge_base
    from indexer.state import State

    embedder = embedding.open_embedder(settings)
    with (
        closing(knowledge_base.open_knowledge_base(settings, embedder.fingerprint)) as kb,
        closing(State.open(settings)) as state,
    ):
        yield Parts(kb, embedder, state)


@contextmanager
def opened_both(
    settings: "IndexSettings", url: str
) -> Iterator[tuple["KnowledgeBase", "KnowledgeBase"]]:
    """The collection in DATA_DIR, whatever QDRANT_URL says, and that of the server at `url`.

    Raises:
        InternError: one of them cannot be opened, or there is none in DATA_DIR.
    """
    from indexer import embedding, knowledge_base
    from indexer.server_store import ServerStore
    from indexer.settings import load

    here = settings.model_copy(update={"qdrant_url": None})
    if not knowledge_base.collection_folder(here).exists():
        raise InputError(f"DATA_DIR: there is no collection in {here.data_dir} to copy.")
    try:
        there = load(type(settings), qdrant_url=url)
    except SettingError as error:
        raise InputError(f"--to-qdrant: {url!r} is not an http or https address.") from error
    fingerprint = embedding.fingerprint(here)
    with (
        closing(knowledge_base.open_knowledge_base(here, fingerprint)) as source,
        closing(ServerStore.open(there, fingerprint)) as target,
    ):
        yield source, target


@contextmanager
def opened_store(settings: "IndexSettings") -> Iterator["KnowledgeBase"]:
    """The knowledge base alone: its fingerprint needs the model's files, but not the model.

    Raises:
        InternError: it cannot be opened.
    """
    from indexer import embedding, knowledge_base

    fingerprint = embedding.fingerprint(settings)
    with closing(knowledge_base.open_knowledge_base(settings, fingerprint)) as kb:
        yield kb
