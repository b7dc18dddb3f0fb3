"""Markdown to cleaned HTML, once, when a text is saved; never when it is read."""

import atexit
import json
import os
import selectors
import subprocess
import sys
import threading
from pathlib import Path

from .errors import DomainError

SECONDS = 2.0
LENGTH = 200_000
_CHILD = Path(__file__).with_name("markup_child.py")


class _Renderer:
    """One child process a parent process, started when first needed and again after it was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def render(self, text: str) -> str:
        with self._lock:
            child = self._running()
            if child.stdin is None or child.stdout is None:
                raise RuntimeError("the renderer has no pipes")
            try:
                child.stdin.write(json.dumps({"text": text}).encode() + b"\n")
                child.stdin.flush()
                line = self._line(child)
            except BrokenPipeError:
                line = b""
            if not line:
                self._end()
                raise DomainError("正文的写法太复杂，排版超时：请简化嵌套的括号、列表或表格")
            answer = json.loads(line)
        if "error" in answer:
            raise DomainError("正文的写法太复杂，排不了版：请简化嵌套的括号、列表或表格")
        return str(answer["html"])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():
            self._child, self._owner = None, os.getpid()
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-I", str(_CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._warm_up(self._child)
        return self._child

    def _warm_up(self, child: subprocess.Popen[bytes]) -> None:
        """The first answer waits for imports; that wait is not the text's fault."""
        if child.stdin and child.stdout:
            child.stdin.write(b'{"text": ""}\n')
            child.stdin.flush()
            child.stdout.readline()

    @staticmethod
    def _line(child: subprocess.Popen[bytes]) -> bytes:
        if child.stdout is None:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            if not selector.select(SECONDS):
                return b""
        return child.stdout.readline()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def close(self) -> None:
        if self._owner == os.getpid():
            self._end()


_renderer = _Renderer()
atexit.register(_renderer.close)


def render(text: str) -> str:
    """Cleaned HTML of a Markdown text.

    Raises:
        DomainError: the text is too long, or too complex to render within two seconds.
    """
    if len(text) > LENGTH:
        raise DomainError(f"正文有 {len(text):,} 字，超过 {LENGTH:,} 字")
    return _renderer.render(text)
