"""What reads other people's files runs in a process of its own, with limits of memory and time.

A 289 kB spreadsheet can fill 600 MB, a 128 kB one can take 43 seconds; a process can be ended, a thread cannot. The
child gets no settings, no secrets, no database: a module, a function's name and one JSON value in, one JSON value out.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import structlog

from .errors import DomainError

log = structlog.get_logger("portal.child")

MEMORY = 512 * 1024 * 1024
SECONDS = 60
LARGEST_ANSWER = 32 * 1024 * 1024
_MAIN = Path(__file__).with_name("child_main.py")
_CPU_ENDED = -24
"""The exit code of a process that used up its processor time (SIGXCPU)."""


def call(
    module: str,
    function: str,
    argument: Any,
    *,
    what: str = "文件",
    memory: int = MEMORY,
    seconds: float = SECONDS,
) -> Any:
    """Run `module.function(argument)` in a child process and return its answer.

    The module may import packages and the portal's pure rooms (rules, core); never the database or Flask.

    Args:
        module: where the function is, such as `portal.tickets.rules.sheets`.
        function: its name.
        argument: any JSON value, handed to it.
        what: what is being read, in the reader's words; it begins the sentence when it cannot be read.
        memory: bytes of address space the child may use.
        seconds: how long it may take, by the clock and on the processor.

    Raises:
        DomainError: it took too long, needed too much, broke down, or itself said why it cannot be read.
    """
    order = {
        "module": module,
        "function": function,
        "argument": argument,
        "memory": memory,
        "seconds": seconds,
        "largest": LARGEST_ANSWER,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-W", "ignore", str(_MAIN)],
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=seconds + 5,
            cwd="/",
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("child too slow", module=module, function=function)
        raise DomainError(_too_slow(what, seconds)) from None
    return _answer(done, what=what, seconds=seconds, name=f"{module}.{function}")


def _answer(done: subprocess.CompletedProcess[bytes], *, what: str, seconds: float, name: str) -> Any:
    if done.returncode == _CPU_ENDED:
        log.warning("child too slow", name=name)
        raise DomainError(_too_slow(what, seconds))
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        log.warning("child died", name=name, code=done.returncode, error=done.stderr[-500:].decode(errors="replace"))
        raise DomainError(f"{what}展开后太大或已损坏，没有收下：请拆小或另存一份再传") from None
    if "refused" in answer:
        raise DomainError(str(answer["refused"]))
    if "too_big" in answer:
        raise DomainError(f"{what}展开后太大，没有收下：请拆成几份再传")
    if "broken" in answer:
        log.warning("child could not read", name=name, error=answer["broken"])
        raise DomainError(f"{what}读不了，没有收下：请用办公软件打开，另存一份再传")
    return answer["answer"]


def _too_slow(what: str, seconds: float) -> str:
    return f"{what}读了 {seconds:g} 秒还没读完，没有收下：请拆成几份再传"
