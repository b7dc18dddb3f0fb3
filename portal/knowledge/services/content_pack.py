"""Take over the content pack (kb_content/): new and changed texts go in, what people wrote stays theirs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.accounts.models import Person
from portal.accounts.services import CONTENT_PACK, ensure_service
from portal.audit.services import Actor, record
from portal.categories.models import Category
from portal.categories.queries import codes
from portal.core.clock import beijing_day, day_start
from portal.core.database import db
from portal.core.errors import DomainError
from portal.core.markup import render
from portal.core.write import transaction
from portal.directory.queries import unit_ids

from ..models import Article, Proposal, Publication, Revision
from ..rules.content import ContentFile, Fault, parse
from ..rules.force import live_line
from .ledger import ref
from .publishing import add_phrases, add_revision, approve_and_publish, content_hash, create_article, move_article

AT_ONCE = 8
"""Articles a transaction, so that the write lock is held well under 200 ms."""


@dataclass
class Report:
    """What an import did. Counts are of articles; new+changed+unchanged+kept+rejected = articles."""

    files: int = 0
    articles: int = 0
    revisions: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    rejected: int = 0
    errors: list[Fault] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The shape of `flask kb import --json`."""
        counts = {key: value for key, value in vars(self).items() if key != "errors"}
        return {**counts, "errors": [vars(fault) for fault in self.errors]}


@dataclass(frozen=True)
class _Text:
    """A content file with its body rendered, ready to be written."""

    file: ContentFile
    html: str
    content: dict[str, Any]
    basis: list[dict[str, Any]]
    sha256: str


def read_folder(folder: Path) -> tuple[dict[str, list[ContentFile]], int, list[Fault], set[str]]:
    """Parse every file of a content folder.

    Returns:
        Slug → its texts in order of date; how many files there are; the faults; the slugs with a faulty file.
    """
    by_slug: dict[str, list[ContentFile]] = {}
    faults: list[Fault] = []
    rejected: set[str] = set()
    paths = sorted(folder.rglob("*.md"))
    known_categories, known_units = codes(), unit_ids()
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            content, found = parse(name, path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            content, found = None, [Fault(name, 1, "文件不是 UTF-8 编码")]
        except OSError as error:
            content, found = None, [Fault(name, 1, f"文件读不了（{error.strerror}）")]
        if content is not None:
            found = _unknown(content, set(known_categories), set(known_units))
            found += _doubled(content, by_slug.get(content.slug, []))
        if content is None or found:
            faults += found
            rejected.add(path.name.split(".")[0])
            continue
        by_slug.setdefault(content.slug, []).append(content)
    for texts in by_slug.values():
        texts.sort(key=lambda text: text.takes_over_on or date.min)
    return by_slug, len(paths), faults, rejected


def _unknown(content: ContentFile, categories: set[str], units: set[str]) -> list[Fault]:
    found = []
    if content.category not in categories:
        found.append(content.fault("category", f"没有编码为「{content.category}」的诉求分类"))
    if content.unit not in units:
        found.append(content.fault("unit", f"没有名为「{content.unit}」的承办单位"))
    return found


def _doubled(content: ContentFile, before: Iterable[ContentFile]) -> list[Fault]:
    """A slug names one article: a second file for the same day would silently replace the first."""
    same = next((text for text in before if text.takes_over_on == content.takes_over_on), None)
    return [content.fault("title", f"与 {same.path} 重名，一个名字只能有一条知识")] if same else []


def import_folder(folder: Path, *, approver: Person | None, now: datetime) -> Report:
    """Import a content folder; idempotent, and never over what people wrote.

    Args:
        folder: the folder with `<category>/<slug>.md` files.
        approver: who approves and thereby publishes; None leaves drafts.
        now: the moment of the import.
    """
    by_slug, files, faults, rejected = read_folder(folder)
    report = Report(files=files, errors=faults, revisions=sum(map(len, by_slug.values())))
    report.articles = len(by_slug.keys() | rejected)
    approver_id = approver.id if approver else None
    texts: dict[str, list[_Text]] = {}
    for slug, of_one in by_slug.items():
        try:
            texts[slug] = [_ready(text) for text in of_one]
        except DomainError as error:
            report.errors.append(of_one[0].fault("body", str(error)))
            rejected.add(slug)
    slugs = sorted(texts)
    for start in range(0, len(slugs), AT_ONCE):
        with transaction():
            author = ensure_service(CONTENT_PACK, now=now)
            who = db.session.get(Person, approver_id) if approver_id else None
            categories = codes()
            for slug in slugs[start : start + AT_ONCE]:
                category = categories[texts[slug][0].file.category]
                outcome = _import_article(slug, texts[slug], category, author=author, approver=who, now=now)
                outcome = "rejected" if slug in rejected else outcome
                setattr(report, outcome, getattr(report, outcome) + 1)
    report.rejected += len(rejected - texts.keys())
    return report


def _ready(file: ContentFile) -> _Text:
    content = {
        "title": file.title,
        "script": file.script,
        "body": file.body,
        "audience": file.audience,
        "district": file.district,
        "unit": file.unit,
        "kind": file.kind,
        "valid_from": file.in_force_from,
        "valid_to": file.in_force_to,
        "checked": file.checked,
        "confidence": file.confidence,
        "note": file.note,
    }
    basis = [vars(row) for row in file.basis]
    return _Text(file, render(file.body), content, basis, content_hash(content, basis))


def _import_article(
    slug: str, texts: Sequence[_Text], category: Category, *, author: Person, approver: Person | None, now: datetime
) -> str:
    """One article; returns new, changed, unchanged or kept."""
    by = Actor(author.id, author.name)
    article = db.session.scalar(select(Article).where(Article.slug == slug).options(selectinload(Article.revisions)))
    new = article is None
    if article is None:
        article = create_article(category, slug=slug, by=by, now=now)
        revisions: Sequence[Revision] = []
    else:
        revisions = article.revisions
    if revisions and revisions[-1].author_id != author.id:
        _lay_beside(article, texts, known={r.sha256 for r in revisions}, by=by, now=now)
        return "kept"
    changed = move_article(article, category, by=by, now=now)
    for text in texts:
        changed |= _import_text(article, text, texts, revisions, author=author, approver=approver, now=now)
    phrases = [phrase for text in texts for phrase in text.file.phrases]
    changed |= add_phrases(article, phrases, origin=CONTENT_PACK, by=by, now=now) > 0
    if new:
        return "new"
    return "changed" if changed else "unchanged"


def _import_text(
    article: Article,
    text: _Text,
    texts: Sequence[_Text],
    revisions: Sequence[Revision],
    *,
    author: Person,
    approver: Person | None,
    now: datetime,
) -> bool:
    revision = next((r for r in revisions if r.sha256 == text.sha256), None)
    added = revision is None
    if revision is None:
        revision = add_revision(
            article,
            content=text.content,
            body_html=text.html,
            basis=text.basis,
            author=author,
            why="内容包更新" if revisions else "内容包首次导入",
            weight="实质修改",
            now=now,
        )
    starts = day_start(text.file.takes_over_on) if text.file.takes_over_on else now
    from_at = max(starts, now)
    if approver is None or _speaks(revision, from_at) or _overtaken(text, texts, now):
        return added
    approve_and_publish(article, revision, from_at=from_at, approver=approver, reason="内容包", now=now)
    return True


def _speaks(revision: Revision, moment: datetime) -> bool:
    """Whether the ledger lets this revision speak then, or once did until somebody withdrew the article."""
    lines = db.session.scalars(select(Publication).where(Publication.article_id == revision.article_id)).all()
    line = live_line(lines, moment)
    if line is None or line.revision_id is not None:
        return line is not None and line.revision_id == revision.id
    return any(earlier.revision_id == revision.id for earlier in lines)


def _overtaken(text: _Text, texts: Iterable[_Text], now: datetime) -> bool:
    """Whether a later text of the pack speaks already, so that this one is never published."""
    today, mine = beijing_day(now), text.file.takes_over_on or date.min
    return any(other.file.takes_over_on and mine < other.file.takes_over_on <= today for other in texts)


def _lay_beside(article: Article, texts: Sequence[_Text], *, known: set[str], by: Actor, now: datetime) -> None:
    laid = set(db.session.scalars(select(Proposal.sha256).where(Proposal.article_id == article.id)))
    for text in texts:
        if text.sha256 in known | laid:
            continue
        proposal = Proposal(
            article_id=article.id, sha256=text.sha256, path=text.file.path, text=_as_text(text.file), at=now
        )
        db.session.add(proposal)
        record("knowledge:proposal:lay", ref(article), by=by, now=now, changes={"path": text.file.path})


def _as_text(file: ContentFile) -> str:
    return f"{file.title}\n\n{file.script}\n\n{file.body}"
