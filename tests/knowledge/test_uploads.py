"""Pictures: looked into and drawn anew, refused with a sentence where they are anything else, shown to the right."""

import base64
import io
import os
import struct
import zlib
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.core import files
from portal.core.clock import utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Article, Attachment, Reference, Revision
from portal.knowledge.services import attachments
from portal.knowledge.services.publishing import approve_and_publish
from tests.support.visitor import Visitor

from .pack import reviewer
from .writing import begin, press, typed

Arrive = Callable[[str], Visitor]


@pytest.fixture
def editor(visitor: Arrive) -> Visitor:
    return visitor("demo.zhou")


def _picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **saved: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **saved)
    return out.getvalue()


def _send(editor: Visitor, data: bytes, name: str, *, status: int = 200) -> TestResponse:
    sent = {"csrf_token": editor.token(), "file[]": (io.BytesIO(data), name)}
    answer = editor.client.post("/knowledge/files", data=sent, content_type="multipart/form-data")
    assert answer.status_code == status, answer.text[:500]
    return answer


def _kept(app: Flask) -> tuple[int, list[str]]:
    """How many pictures there are, and what lies in their store."""
    with app.app_context():
        rows = db.session.scalar(select(func.count()).select_from(Attachment)) or 0
    folder = app.config["PORTAL"].data_dir / "files" / "article"
    return rows, sorted(path.name for path in folder.glob("??/*"))


@pytest.mark.parametrize(("kind", "name"), [("PNG", "流程图.png"), ("JPEG", "流程图.JPG"), ("JPEG", "a.jpeg")])
def test_a_picture_is_kept_and_shown_to_its_writer(editor: Visitor, kind: str, name: str) -> None:
    answer = _send(editor, _picture(kind), name)
    assert answer.json is not None
    address = answer.json["data"]["succMap"][name]
    shown = editor.client.get(address)
    assert shown.status_code == 200
    assert shown.mimetype == {"PNG": "image/png", "JPEG": "image/jpeg"}[kind]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    with Image.open(io.BytesIO(shown.data)) as again:
        assert again.size == (40, 30)


def test_what_else_a_picture_carried_is_gone(editor: Visitor) -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script> 110105194912310021"
    name = "照片.jpg"
    answer = _send(editor, _picture("JPEG", exif=exif.tobytes(), comment=b"secret-comment"), name)
    data = editor.client.get(answer.json["data"]["succMap"][name]).data  # type: ignore[index]
    assert b"script" not in data
    assert b"secret-comment" not in data


def _bomb() -> bytes:
    """A small PNG that says it is 60,000 by 60,000."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


BAD = {
    "a script": (b"<script>alert(1)</script>", "x.png"),
    "SVG by its own name": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "x.svg"),
    "SVG under another name": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "x.png"),
    "a page": (b"<!doctype html><script>1</script>", "x.html"),
    "a data address": (b"data:image/png;base64," + base64.b64encode(_picture()), "x.png"),
    "a picture with a script behind it": (_picture() + b"<script>alert(1)</script>", "x.png"),
    "a picture with an archive behind it": (_picture("JPEG") + b"PK\x03\x04" + b"x" * 40, "x.jpg"),
    "a JPEG called PNG": (_picture("JPEG"), "x.png"),
    "a GIF": (_picture("GIF"), "x.gif"),
    "a GIF called PNG": (_picture("GIF"), "x.png"),
    "a bomb": (_bomb(), "x.png"),
    "too many pixels": (_picture(size=(5100, 5000)), "x.png"),
    "cut off": (_picture(size=(400, 300))[:-40], "x.png"),
    "broken within": (_picture()[:40] + b"\xff" * 20 + _picture()[60:], "x.png"),
    "empty": (b"", "x.png"),
    "too large": (_picture() + b"\0" * 300_000, "x.png"),
    "without a name's ending": (_picture(), "x"),
    "a name that leads elsewhere": (b"<?php", "../../x.png"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_harmless_picture_is_refused_with_a_sentence(
    editor: Visitor, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 250_000)
    before = _kept(editor.app)
    answer = _send(editor, *BAD[what], status=422)
    assert answer.json is not None
    assert "没有收下" in answer.json["msg"], answer.json
    assert _kept(editor.app) == before
    assert _send(editor, _picture(), "好.png").status_code == 200


def test_of_several_pictures_the_good_ones_are_taken(editor: Visitor) -> None:
    sent = {
        "csrf_token": editor.token(),
        "file[]": [(io.BytesIO(_picture()), "好.png"), (io.BytesIO(b"<svg/>"), "坏.svg")],
    }
    answer = editor.client.post("/knowledge/files", data=sent, content_type="multipart/form-data")
    assert answer.json is not None
    assert list(answer.json["data"]["succMap"]) == ["好.png"]
    assert answer.json["data"]["errFiles"] == ["坏.svg"]


def test_only_writers_send_pictures(visitor: Arrive) -> None:
    for login in ("demo.li", "demo.wu", "demo.sun"):
        _send(visitor(login), _picture(), "x.png", status=403)


def test_without_script_a_picture_goes_into_the_body(editor: Visitor) -> None:
    draft_id = begin(editor)
    press(editor, draft_id, "picture", **typed(), picture=(io.BytesIO(_picture()), "流程.png"))
    page = editor.get("knowledge.draft", draft_id=draft_id)
    assert "![流程](/knowledge/files/" in page.select_one("textarea[name=body]").get_text()  # type: ignore[union-attr]
    refused = press(editor, draft_id, "picture", status=422, **typed(title="别丢"), picture=(io.BytesIO(b"x"), "x.png"))
    assert "没有收下" in refused.text
    assert "别丢" in refused.text


def test_readers_see_a_picture_once_a_text_with_it_is_published(editor: Visitor, visitor: Arrive) -> None:
    address = _send(editor, _picture(), "图.png").json["data"]["succMap"]["图.png"]  # type: ignore[index]
    agent, reviewers = visitor("demo.li"), visitor("demo.wu")
    draft_id = begin(editor)
    press(editor, draft_id, "submit", **typed(body=f"看图。\n\n![图]({address})\n\n见 KB-0104-001。"))
    assert agent.client.get(address).status_code == 404
    assert reviewers.client.get(address).status_code == 200
    with editor.app.app_context():
        revision = db.session.scalars(select(Revision).where(Revision.title == "无人机怎么登记")).one()
        made = db.session.execute(
            select(Reference.kind, Reference.target).where(Reference.revision_id == revision.id)
        ).all()
        assert sorted(tuple(row) for row in made) == [("article", "KB-0104-001"), ("file", address.rsplit("/", 1)[1])]
        _publish(revision.id)
    assert agent.client.get(address).status_code == 200


def _publish(revision_id: int) -> None:
    with transaction():
        now, by = utc_now(), reviewer()
        revision = db.session.get_one(Revision, revision_id)
        article = db.session.get_one(Article, revision.article_id)
        approve_and_publish(article, revision, from_at=now, approver=by, reason="通过", now=now)


def test_a_file_whose_row_never_came_is_let_go_of_after_a_while(
    editor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _send(editor, _picture(), "留.png")
    path = files.draft(attachments.AREA)
    monkeypatch.setattr(attachments, "YOUNG", attachments.YOUNG * 0)
    path.write_bytes(b"left behind")
    os.utime(path, (1, 1))
    with editor.app.app_context():
        attachments.sweep(utc_now())
    rows, left = _kept(editor.app)
    assert (rows, len(left)) == (1, 1)
    assert path.name not in left
