"""The child process of `child`: a script that limits itself, reads one JSON order and answers with one JSON value."""

import importlib
import json
import math
import os
import resource
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    """Do what the order says; whatever goes wrong is an answer too."""
    order = json.loads(sys.stdin.buffer.read())
    limit(order["memory"], order["seconds"])
    answers, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115 — a stray print is no part of the answer
    text = json.dumps(answer(order))
    if len(text) > order["largest"]:
        text = json.dumps({"too_big": len(text)})
    answers.write(text)
    answers.flush()
    os._exit(0)  # a hostile object's end is not waited for


def limit(memory: int, seconds: float) -> None:
    """No more memory, time, files or writing than needed; limits outlive whatever the function does."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    cpu = max(1, math.ceil(seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """The function's value, or why there is none."""
    sys.path.insert(0, str(ROOT))
    for package in {"portal", order["module"].partition(".")[0]}:
        sys.modules[package] = _bare(package)
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl would load it for nothing: 100 MB and 0.2 s
    errors = importlib.import_module("portal.core.errors")
    try:
        function = getattr(importlib.import_module(order["module"]), order["function"])
        return {"answer": function(order["argument"])}
    except errors.DomainError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"too_big": "memory"}
    except Exception as error:
        return {"broken": type(error).__name__}  # its words may quote the file


def _bare(name: str) -> types.ModuleType:
    """A package without its roof: importing `portal` itself would wire every floor."""
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT / name)]
    return package


if __name__ == "__main__":
    main()
