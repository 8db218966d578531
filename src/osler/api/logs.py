"""The log: one JSON object a line on standard error. Nothing that a caller sent is ever in it.

Libraries log through `logging`, some with whole tracebacks, whose messages may quote a text, or with
the `repr` of whatever they hold. Of those lines only the level, the logger, uvicorn's own fixed
words, and the type and place of an exception go on.
"""

import logging
import os
import sys
import traceback

import structlog

_FIXED_WORDS = "uvicorn"
"""The logger whose message templates are plain words of its own; arguments are left out all the same."""

log = structlog.get_logger("osler.api")


def configure() -> None:
    """Write the log as JSON from here on, the lines of libraries included."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [SafeHandler()]
    root.setLevel(logging.WARNING)


class SafeHandler(logging.Handler):
    """Hands on what may be known of a library's log line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        fields: dict[str, str] = {"logger": record.name.split(".")[0]}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields |= {"error": type(error).__name__, "at": _place(error)}
        words = str(record.msg).splitlines()[:1] if fields["logger"] == _FIXED_WORDS else []
        log.log(record.levelno, words[0] if words else "a library's message", **fields)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown"
