"""Logging: one JSON line an event, on stderr, and no query string in any of them.

Launch codes, state and issuers travel in query strings, so these never reach a log:
requests are logged by path, and what libraries write is stripped of anything after
a question mark. JSON escapes line breaks, so a crafted value cannot begin a line.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog

_QUERY = re.compile(r"\?[^\s\"'<>]*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+")


def configure(level: int = logging.INFO) -> None:
    """Send structlog and the standard library through one JSON renderer. May be called again."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(formatter(shared))
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, _Stderr)] + [handler]
    root.setLevel(level)
    # At INFO these write URLs with their query.
    for name in ("urllib3", "requests", "fhirclient", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(shared: list[Any]) -> logging.Formatter:
    """The JSON formatter; gunicorn's loggers use it too."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            strip_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
    )


def strip_secrets(_logger: Any, _method: str, event: Any) -> Any:
    """Take query strings and credentials out of every text of an event."""
    return {key: without_secrets(value) if isinstance(value, str) else value for key, value in event.items()}


def without_secrets(text: str) -> str:
    """`text` without query strings and Authorization values."""
    return _BEARER.sub(r"\1 [removed]", _QUERY.sub("?[removed]", text))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for one module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at that moment, not to what it was when logging was set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Of this moment."""
        return sys.stderr
