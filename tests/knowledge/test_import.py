"""Importing the content pack: repeatable, honest about what it did, and never over what people wrote."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.queries import person_by_name
from portal.audit.models import AuditRow
from portal.config import ROOT
from portal.core.database import db
from portal.core.write import transaction
from portal.knowledge.models import Article, Phrase, Proposal, Publication, Revision
from portal.knowledge.rules.identity import TEXT_FIELDS
from portal.knowledge.services.content_pack import Report
from portal.knowledge.services.publishing import add_revision
from portal.search.models import OutboxRow
from portal.search.services import check

from .pack import NOW, at, reviewer, take_in, told, write


def _counts(report: Report) -> tuple[int, ...]:
    return report.new, report.changed, report.unchanged, report.kept, report.rejected


def _rows(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def _edit_by_hand(slug: str, script: str) -> Revision:
    """A new revision by 周编辑, as the editor's page will write it."""
    editor = person_by_name("demo.zhou")
    article = db.session.scalars(select(Article).where(Article.slug == slug)).one()
    newest = db.session.scalars(
        select(Revision).where(Revision.article_id == article.id).order_by(Revision.no.desc()).limit(1)
    ).one()
    content = {name: getattr(newest, name) for name in TEXT_FIELDS} | {"script": script}
    assert editor is not None
    with transaction():
        return add_revision(
            article, content=content, body_html="", basis=[], author=editor, why="来电问得多", weight="勘误", now=NOW
        )


def test_the_whole_pack_is_eighty_new_articles_and_then_eighty_unchanged(app: Flask) -> None:
    with app.app_context():
        first = take_in(ROOT / "kb_content")
        assert (first.files, first.articles, first.revisions, first.errors) == (81, 80, 81, [])
        assert _counts(first) == (80, 0, 0, 0, 0)
        before = [_rows(model) for model in (Revision, Publication, Phrase, AuditRow, OutboxRow)]
        second = take_in(ROOT / "kb_content", now=NOW + timedelta(days=3))
        assert _counts(second) == (0, 0, 80, 0, 0)
        assert [_rows(model) for model in (Revision, Publication, Phrase, AuditRow, OutboxRow)] == before
        assert check().ok


def test_a_changed_file_becomes_a_new_revision_that_answers(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "rent", "先说第一种话。")
        write(tmp_path, "other", "别的话。")
        take_in(tmp_path)
        write(tmp_path, "rent", "再说第二种话。")
        later = NOW + timedelta(hours=1)
        assert _counts(take_in(tmp_path, now=later)) == (0, 1, 1, 0, 0)
        assert (told("rent", NOW), told("rent", later)) == ("先说第一种话。", "再说第二种话。")
        first, second = db.session.scalars(
            select(Revision).where(Revision.title == "标题 rent").order_by(Revision.no)
        ).all()
        assert (second.no, second.base_id, second.author_name) == (2, first.id, "内容包")
        assert first.sha256 != second.sha256


def test_a_file_taken_back_to_an_earlier_text_answers_with_that_text(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        for hours, script in enumerate(["第一种话。", "第二种话。", "第一种话。"]):
            write(tmp_path, "rent", script)
            report = take_in(tmp_path, now=NOW + timedelta(hours=hours))
        assert _counts(report) == (0, 1, 0, 0, 0)
        assert told("rent", NOW + timedelta(hours=3)) == "第一种话。"
        assert _rows(Revision) == 2
        assert _counts(take_in(tmp_path, now=NOW + timedelta(hours=4))) == (0, 0, 1, 0, 0)
        assert check().ok


def test_new_phrases_alone_change_an_article_without_a_new_revision(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "rent", "一句话。", phrases=("涨租怎么办",))
        take_in(tmp_path)
        write(tmp_path, "rent", "一句话。", phrases=("涨租怎么办", "房东乱涨价"))
        assert _counts(take_in(tmp_path)) == (0, 1, 0, 0, 0)
        assert (_rows(Revision), _rows(Phrase)) == (1, 2)


def test_a_file_moved_to_another_category_moves_its_article(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        old = write(tmp_path, "rent", "一句话。")
        take_in(tmp_path)
        old.unlink()
        write(tmp_path, "rent", "一句话。", category="1202")
        assert _counts(take_in(tmp_path)) == (0, 1, 0, 0, 0)
        assert _counts(take_in(tmp_path)) == (0, 0, 1, 0, 0)
        article = db.session.scalars(select(Article)).one()
        db.session.refresh(article, ["category"])
        assert (article.category.code, article.number) == ("1202", "KB-0104-001")
        assert check().ok


def test_what_a_person_wrote_is_kept_and_the_files_text_is_laid_beside_it(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "rent", "先说第一种话。")
        take_in(tmp_path)
        by_hand = _edit_by_hand("rent", "周编辑的话。")
        assert _counts(take_in(tmp_path)) == (0, 0, 0, 1, 0)
        assert _rows(Proposal) == 0, "the file says nothing that is not there already"
        write(tmp_path, "rent", "内容包的新话。")
        for _ in range(2):
            assert _counts(take_in(tmp_path)) == (0, 0, 0, 1, 0)
        proposal = db.session.scalars(select(Proposal)).one()
        assert "内容包的新话。" in proposal.text
        assert proposal.path == "0104/rent.md"
        newest = db.session.scalars(select(Revision).order_by(Revision.no.desc()).limit(1)).one()
        assert (newest.id, newest.script) == (by_hand.id, "周编辑的话。")
        assert told("rent") == "先说第一种话。", "what was published before stays until a person publishes"


def test_without_an_approver_only_drafts_are_left(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "rent", "谁也没有批准的话。")
        assert _counts(take_in(tmp_path, approved=False)) == (1, 0, 0, 0, 0)
        assert (_rows(Revision), _rows(Publication)) == (1, 0)
        assert told("rent") is None
        assert check().documents == 0
        assert _counts(take_in(tmp_path, approved=False)) == (0, 0, 1, 0, 0)
        assert _counts(take_in(tmp_path)) == (0, 1, 0, 0, 0)
        assert told("rent") == "谁也没有批准的话。"
        assert check().documents == 1


def test_a_faulty_file_stays_out_and_all_others_are_in(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "good", "好的一句。")
        write(tmp_path, "nowhere", "好的一句。", category="9999")
        write(tmp_path, "stranger", "好的一句。").write_text(
            write(tmp_path, "stranger", "好的一句。").read_text().replace("市市场监管局", "火星市场监管局")
        )
        write(tmp_path, "too-long", "长" * 121)
        write(tmp_path, "latin", "好的一句。").write_bytes("标题".encode("gb18030"))
        (tmp_path / "0104" / "folder.md").mkdir()
        report = take_in(tmp_path)
        assert (report.files, report.articles, report.revisions) == (6, 6, 1)
        assert _counts(report) == (1, 0, 0, 0, 5)
        assert sum(_counts(report)) == report.articles
        assert {(fault.file, fault.line, fault.reason) for fault in report.errors} == {
            ("9999/nowhere.md", 3, "没有编码为「9999」的诉求分类"),
            ("0104/stranger.md", 9, "没有名为「火星市场监管局」的承办单位"),
            ("0104/too-long.md", 6, "话术 121 字，超过 120 字"),
            ("0104/latin.md", 1, "文件不是 UTF-8 编码"),
            ("0104/folder.md", 1, "文件读不了（Is a directory）"),
        }
        assert told("good") == "好的一句。"
        assert _rows(Article) == 1


def test_two_files_of_one_name_are_refused_not_merged(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "rent", "第一种话。")
        write(tmp_path, "rent", "第二种话。", category="1202")
        report = take_in(tmp_path)
        assert [(fault.file, fault.reason) for fault in report.errors] == [
            ("1202/rent.md", "与 0104/rent.md 重名，一个名字只能有一条知识")
        ]
        assert report.rejected == report.articles == 1
        assert told("rent") == "第一种话。"


def test_a_body_that_cannot_be_rendered_rejects_its_article_alone(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        write(tmp_path, "heavy", "一句话。", body="字" * 200_001)
        write(tmp_path, "light", "一句话。")
        report = take_in(tmp_path)
        assert _counts(report) == (1, 0, 0, 0, 1)
        assert "超过 200,000 字" in report.errors[0].reason
        assert told("light") == "一句话。"


SWITCH = date(2027, 1, 1)


def _two_texts(folder: Path) -> None:
    write(folder, "mark", "到年底是旧的话。", until=date(2026, 12, 31))
    write(folder, "mark", "过了年是新的话。", takes_over=SWITCH)


@pytest.mark.parametrize("imported", ["2026-11-23T09:00", "2026-12-31T23:59"])
def test_a_text_that_takes_over_waits_for_its_day(app: Flask, tmp_path: Path, imported: str) -> None:
    with app.app_context():
        _two_texts(tmp_path)
        report = take_in(tmp_path, now=at(imported))
        assert (report.new, report.revisions) == (1, 2)
        assert told("mark", at("2026-12-31T23:59:59")) == "到年底是旧的话。"
        assert told("mark", at("2027-01-01T00:00")) == "过了年是新的话。"
        assert _counts(take_in(tmp_path, now=at("2027-02-01T09:00"))) == (0, 0, 1, 0, 0)
        assert told("mark", at("2027-02-01T09:00")) == "过了年是新的话。"


def test_a_first_import_after_the_day_answers_with_the_new_text_alone(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        _two_texts(tmp_path)
        now = at("2027-01-01T00:00:30")
        assert _counts(take_in(tmp_path, now=now)) == (1, 0, 0, 0, 0)
        assert told("mark", now) == "过了年是新的话。"
        assert _rows(Publication) == 1, "the old text is kept as a revision and never published"
        assert _counts(take_in(tmp_path, now=now + timedelta(days=1))) == (0, 0, 1, 0, 0)


def test_the_old_text_may_be_mended_while_the_new_one_waits(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        _two_texts(tmp_path)
        take_in(tmp_path)
        write(tmp_path, "mark", "到年底是改过的旧话。", until=date(2026, 12, 31))
        later = NOW + timedelta(days=1)
        assert _counts(take_in(tmp_path, now=later)) == (0, 1, 0, 0, 0)
        assert told("mark", later) == "到年底是改过的旧话。"
        assert told("mark", at("2027-01-01T00:00")) == "过了年是新的话。"


def test_every_act_of_an_import_is_in_the_audit_by_its_author_and_its_approver(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        start = _rows(AuditRow)
        write(tmp_path, "rent", "一句话。")
        take_in(tmp_path)
        acts = db.session.scalars(select(AuditRow).where(AuditRow.seq > start).order_by(AuditRow.seq)).all()
        assert [(act.action, act.actor_name) for act in acts if act.object_ref.startswith("article:")] == [
            ("knowledge:article:create", "内容包"),
            ("knowledge:revision:add", "内容包"),
            ("knowledge:article:publish", reviewer().name),
            ("knowledge:phrase:add", "内容包"),
        ]
