"""Every way in which an index can go wrong is noticed and mended by building it anew."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.search.engine import disk, folder
from portal.search.engine.engine import Engine, open_or_none
from portal.search.engine.types import Deleted, Document, IndexDamaged

from .conftest import ARTICLES, NOW


class _Foreign:
    """A pickle that would leave a trace if anyone opened it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.trace,)


def _generation(engine: Engine) -> Path:
    return folder.current(engine.root)


def _one(engine: Engine, pattern: str) -> Path:
    return next(_generation(engine).glob(pattern))


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _foreign(engine: Engine) -> None:
    path = _one(engine, "*.toc")
    path.write_bytes(pickle.dumps(_Foreign(engine.root.parent / "opened")))


def _older_schema(engine: Engine) -> None:
    path, manifest = _one(engine, disk.MANIFEST), engine.state().manifest
    version, disk.SCHEMA = disk.SCHEMA, 0
    try:
        path.write_bytes(manifest.dump())
    finally:
        disk.SCHEMA = version


DAMAGES: dict[str, Callable[[Engine], object]] = {
    "folder gone": lambda e: shutil.rmtree(e.root),
    "generation gone": lambda e: shutil.rmtree(_generation(e)),
    "pointer gone": lambda e: (e.root / disk.CURRENT).unlink(),
    "pointer foreign": lambda e: (e.root / disk.CURRENT).write_bytes(b"\x00../../etc"),
    "manifest gone": lambda e: _one(e, disk.MANIFEST).unlink(),
    "manifest flipped": lambda e: _flip(_one(e, disk.MANIFEST)),
    "manifest truncated": lambda e: _truncate(_one(e, disk.MANIFEST)),
    "table truncated": lambda e: _truncate(_one(e, "*.toc")),
    "table flipped": lambda e: _flip(_one(e, "*.toc")),
    "table gone": lambda e: _one(e, "*.toc").unlink(),
    "table foreign": _foreign,
    "segment truncated": lambda e: _truncate(_one(e, "*.seg")),
    "segment flipped": lambda e: _flip(_one(e, "*.seg")),
    "segment gone": lambda e: _one(e, "*.seg").unlink(),
    "arrays flipped": lambda e: _flip(_one(e, "*.arr")),
    "arrays empty": lambda e: _one(e, "*.arr").write_bytes(b""),
    "other version": _older_schema,
    "open to others": lambda e: e.root.chmod(0o777),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_mended(engine: Engine, damage: str) -> None:
    DAMAGES[damage](engine)
    assert open_or_none(engine.root) is None
    assert not Engine(engine.root).check().ok
    with pytest.raises(IndexDamaged):
        Engine(engine.root).search("公积金", at=NOW)
    assert not (engine.root.parent / "opened").exists()
    engine.rebuild(ARTICLES, 5)
    mended = open_or_none(engine.root)
    assert mended is not None
    assert mended.check({a.id: a.digest for a in ARTICLES}).ok
    assert mended.position() == 5
    assert engine.root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("pattern", ["*.toc", "*.seg", "*.arr", disk.MANIFEST])
def test_damage_under_a_running_engine_is_found_by_reading_all(engine: Engine, pattern: str) -> None:
    engine.search("公积金", at=NOW)
    assert engine.verify() == []
    path = _one(engine, pattern)
    shutil.copy(path, path.with_suffix(".copy"))
    _flip(path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    assert path.name in engine.verify()


def test_a_stale_copy_put_back_is_noticed(engine: Engine, tmp_path: Path) -> None:
    shutil.copytree(engine.root, tmp_path / "copy")
    engine.apply([Deleted("fund")], 7)
    engine.search("公积金", at=NOW)
    shutil.rmtree(engine.root)
    shutil.copytree(tmp_path / "copy", engine.root)
    with pytest.raises(IndexDamaged):
        engine.search("公积金", at=NOW)
    with pytest.raises(IndexDamaged):
        Engine(engine.root).ensure(at_least=5, at_most=7)
    expected = {a.id: a.digest for a in ARTICLES if a.id != "fund"}
    assert Engine(engine.root).check(expected).extra == ["fund"]


def test_an_index_ahead_of_its_database_is_foreign(engine: Engine) -> None:
    with pytest.raises(IndexDamaged):
        engine.ensure(at_least=0, at_most=0)
    engine.ensure(at_least=1, at_most=1)


def test_a_check_names_what_is_missing_stale_and_extra(engine: Engine) -> None:
    expected = {a.id: a.digest for a in ARTICLES}
    expected |= {"new": "x", "fund": Document("fund", {"title": "别的"}).digest}
    del expected["hire"]
    check = engine.check(expected)
    assert (check.missing, check.stale, check.extra, check.damaged) == (["new"], ["fund"], ["hire"], [])
    assert not check.ok


def test_what_a_crash_left_behind_counts_for_nothing(engine: Engine) -> None:
    generation = _generation(engine)
    (generation / "_MAIN_99.toc").write_bytes(pickle.dumps(_Foreign(engine.root.parent / "opened")))
    (generation / "MAIN_left.seg").write_bytes(b"half a segment")
    (engine.root / "g-unfinished").mkdir()
    assert Engine(engine.root).search("公积金", at=NOW).total
    engine.apply([Deleted("fund")], 2)
    assert not (engine.root.parent / "opened").exists()
    assert not (generation / "MAIN_left.seg").exists()
    engine.rebuild(ARTICLES, 3)
    assert [p.name for p in engine.root.glob("g-*")] == [_generation(engine).name]


def test_searches_go_on_while_the_index_is_built_anew(engine: Engine) -> None:
    def documents() -> object:
        for article in ARTICLES:
            assert engine.search("公积金提取", at=NOW).hits[0].id == "fund"
            yield article

    engine.rebuild(documents(), 4)  # type: ignore[arg-type]
    assert engine.search("公积金提取", at=NOW).hits[0].id == "fund"
    assert engine.position() == 4
