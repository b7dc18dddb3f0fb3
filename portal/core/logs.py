"""Structured logs: one JSON line an event, appended whole, so that several processes may share the file."""

import logging
import os
import sys
from pathlib import Path
from typing import TextIO, cast

import structlog


class _LineFile:
    """The little of a text file that a logger needs; every write is one append to the file."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, text: str) -> int:
        return os.write(self._handle, text.encode())

    def flush(self) -> None:
        """Nothing is held back."""


_files: dict[Path, _LineFile] = {}


def configure(path: Path | None) -> None:
    """Log to a file, or (None) only warnings to standard error."""
    if path is not None:
        _files[path] = _files.get(path) or _LineFile(path)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if path else logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _files[path]) if path else sys.stderr),
    )
