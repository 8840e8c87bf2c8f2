"""create_app(settings): the only place where things are built and wired."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import structlog
from fastapi import FastAPI

from app import language, ops, webhook
from app.identity import Identity
from app.job_queue import JobQueue
from app.jobs import Jobs
from app.llm import Llm
from app.local_socket import serve_local_socket
from app.metrics import Metrics
from app.permissions import Permissions
from app.records import Records
from app.run_routes import run_routes
from app.services import Services
from app.settings import Settings
from app.stepping import Patience
from app.steps import Steps
from indexer.embedding import TextEmbedder, open_embedder
from indexer.errors import InternError
from indexer.github_clients import GitHubClients
from indexer.knowledge_base import open_knowledge_base, socket_path
from indexer.reranking import open_reranker
from indexer.search import Searcher
from indexer.socket_path import is_served
from indexer.state import State

log = structlog.get_logger()
WARMING = "The first issue of the day should not have to wait until all the models are loaded."


def create_app(
    settings: Settings, *, embedder: TextEmbedder | None = None, patience: Patience | None = None
) -> FastAPI:
    """The server as an ASGI application; everything it needs is built when it starts.

    Args:
        settings: enough of them to serve (`Settings.require_serving`).
        embedder: in place of the model that the settings name.
        patience: how long jobs wait, where the default is not wanted.
    """
    settings = settings.as_app()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(
                open_services(settings, own=True, embedder=embedder)
            )
            queue = JobQueue(settings)
            jobs = Jobs(Steps(services), queue, services.metrics, settings, patience)
            stack.push_async_callback(queue.close)
            await queue.launch(jobs.workflows(), jobs.recurring())
            if not settings.qdrant_url:
                await jobs.resume_backfills(services.state)
            if not (settings.qdrant_url and is_served(socket_path(settings))):
                # Else another server on this DATA_DIR hears the commands already.
                stopping = asyncio.Event()
                routes = run_routes(queue, stopping)
                await stack.enter_async_context(
                    serve_local_socket(services.knowledge_base, settings, routes)
                )
                stack.callback(stopping.set)
            warming = asyncio.create_task(_warm_up(services))
            stack.push_async_callback(_cancel, warming)
            app.state.services = services
            app.state.queue = queue
            yield

    app = FastAPI(
        title="Oncall Intern", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None
    )
    app.state.large_bodies = webhook.LargeBodies()
    app.include_router(webhook.router)
    app.include_router(ops.router)
    return app


@asynccontextmanager
async def open_services(
    settings: Settings, *, own: bool, embedder: TextEmbedder | None = None
) -> AsyncIterator[Services]:
    """Everything that answering an issue needs, closed at the end of the block.

    Args:
        settings: where things are.
        own: for the server, which must own the embedded store; commands may share it.
        embedder: in place of the model that the settings name.

    Raises:
        InternError: the model, the store or a setting is not what it should be.
    """
    async with AsyncExitStack() as stack:
        clients = GitHubClients(settings)
        stack.push_async_callback(clients.aclose)
        if own:
            clients.app()  # a wrong key is told before the model is loaded
        vectors: TextEmbedder
        if embedder is None:
            vectors = await asyncio.to_thread(open_embedder, settings)
        else:
            vectors = embedder
        reranker = await asyncio.to_thread(open_reranker, settings)
        kb = await asyncio.to_thread(open_knowledge_base, settings, vectors.fingerprint, own=own)
        stack.callback(kb.close)
        records = Records.open(settings)
        stack.callback(records.close)
        state = State.open(settings)
        stack.callback(state.close)
        llm = Llm.open(settings)
        if llm:
            stack.push_async_callback(llm.aclose)
        yield Services(
            settings=settings,
            knowledge_base=kb,
            embedder=vectors,
            searcher=Searcher(kb, vectors, state.templates, reranker=reranker),
            clients=clients,
            identity=Identity(settings, clients),
            llm=llm,
            records=records,
            permissions=Permissions(),
            state=state,
            metrics=Metrics(),
        )


async def _warm_up(services: Services) -> None:
    """What the first answer would otherwise wait for: who we are, and the models' first use."""
    await asyncio.to_thread(services.embedder.embed, ["warm"])
    await asyncio.to_thread(language.detect, WARMING, "")
    try:
        author = await services.identity.author()
    except InternError as error:
        # Not fatal: GitHub may be down, and each job asks again.
        log.warning("GitHub does not tell who we are", reason=error.reason, error=str(error))
    else:
        log.info("ready", login=author.login, app_id=author.app_id)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
