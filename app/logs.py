"""The log: one line an event, for people or as JSON; our own and the libraries' alike."""

import logging
import sys

import structlog
from structlog.typing import Processor

from app.settings import Settings

# These tell every request or every poll at info.
QUIET = ("httpx", "httpx2", "httpcore", "dbos", "uvicorn.access", "fastembed", "huggingface_hub")


def log_to_stderr(settings: Settings) -> None:
    """For commands: what they print on standard output may be read by a program."""
    structlog.reset_defaults()  # the server's processors hand on what a PrintLogger does not take
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
    )


def configure_logging(settings: Settings) -> None:
    """Send all logging to stderr in the form that the settings ask for."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if settings.log_format == "json":
        # The locals of a traceback may hold an issue's text; its lines do not.
        shared.append(structlog.processors.format_exc_info)
        renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # DBOS prints through a handler of its own unless there is one already.
    dbos = logging.getLogger("dbos")
    dbos.handlers = [logging.NullHandler()]
    dbos.propagate = True
