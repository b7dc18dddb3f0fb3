"""What belongs to somebody, one in each state: sessions, exports, jobs, notices, tokens, uses and flags."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from portal.accounts.models import ApiToken, UserSession
from portal.accounts.rules.sessions import secret_hash
from portal.categories.models import Category
from portal.core import files
from portal.core.clock import beijing_day
from portal.core.database import Base, db
from portal.inbox.models import Export, Job, Notice
from portal.inbox.rules.exports import ExportState, new_number
from portal.inbox.rules.jobs import JobState
from portal.knowledge.models import Article, Draft, Flag, Remark, ReviewItem, ReviewRequest, Revision, Use
from portal.knowledge.rules.states import FlagKind, FlagState, MaterialKind, RequestState

HOUR = timedelta(hours=1)


class Owners(Protocol):
    """Who takes note of what belongs to whom."""

    things: dict[tuple[str, str], dict[str, Any]]
    owned: dict[tuple[str, str, str], dict[str, Any]]

    def own(self, thing: str, state: str, who: str, **values: Any) -> None: ...


def add(row: Base) -> Any:
    """The row, with its number."""
    db.session.add(row)
    db.session.flush()
    return row


def own_things(world: Owners, who: str, person_id: int, now: datetime) -> None:
    """One of everything for one person."""
    for make in (_sessions, _exports, _jobs, _notices, _tokens, _uses_and_flags, _drafts, _reviews):
        make(world, who, person_id, now)


def _sessions(world: Owners, who: str, person_id: int, now: datetime) -> None:
    for number, state in enumerate(("open", "ended")):
        address = f"10.{number}.0.{len(world.owned) % 250}"
        row = add(
            UserSession(
                secret_hash=f"{who} {state}",
                person_id=person_id,
                started_at=now,
                seen_at=now,
                ended_at=now if state == "ended" else None,
                address=address,
            )
        )
        world.own("session", state, who, session_id=row.id, person_id=person_id, sign=f">{address}<", wrong_id=1)


EXPORTS = [
    (state.value, state, masked)
    for state in ExportState
    for masked in (True, False)
    if masked is False or state not in (ExportState.WAITING, ExportState.REFUSED)
]


def _exports(world: Owners, who: str, person_id: int, now: datetime) -> None:
    path = files.draft("exports")
    path.write_bytes(b"\xef\xbb\xbfa,b\n")
    kept = files.keep(path)
    states = [(f"{name} {'masked' if masked else 'unmasked'}", state, masked) for name, state, masked in EXPORTS]
    states += [("past its time", ExportState.READY, True), ("changed on the disk", ExportState.READY, True)]
    for name, state, masked in states:
        ready = state is ExportState.READY
        row = add(
            Export(
                number=new_number(),
                kind="articles",
                title="现行知识",
                format="csv",
                params={},
                conditions="全部",
                why="核对",
                masked=masked,
                personal=not masked,
                state=state,
                person_id=person_id,
                person_name=who,
                person_login=who,
                asked_at=now - 2 * HOUR,
                file=kept.name if ready else "",
                sha256="0" * 64 if name == "changed on the disk" else kept.sha256 if ready else "",
                size=kept.size if ready else None,
                rows=1 if ready else None,
                built_at=now - HOUR if ready else None,
                expires_at=now + (-HOUR if name == "past its time" else HOUR) if ready else None,
            )
        )
        world.own("export", name, who, number=row.number, sign=f"/inbox/exports/{row.number}")


def _jobs(world: Owners, who: str, person_id: int, now: datetime) -> None:
    states = [(state.value, state, "inbox:export") for state in JobState]
    for name, state, kind in [*states, ("queued, not to be stopped", JobState.QUEUED, "test:unstoppable")]:
        title = f"任务{len(world.owned)}号"
        row = add(
            Job(
                kind=kind,
                title=title,
                payload={"export": "none"},
                state=state,
                owner_id=person_id,
                owner_name=who,
                asked_at=now,
                lease_until=now + HOUR if state is JobState.RUNNING else None,
            )
        )
        world.own("job", name, who, job_id=row.id, sign=title)


def _notices(world: Owners, who: str, person_id: int, now: datetime) -> None:
    for state, read_at in (("unread", None), ("read", now)):
        text = f"消息{len(world.owned)}号"
        row = add(Notice(person_id=person_id, text=text, address="/inbox/jobs", at=now, read_at=read_at))
        world.own("notice", state, who, notice_id=row.id, sign=text)


def _tokens(world: Owners, who: str, person_id: int, now: datetime) -> None:
    day = beijing_day(now)
    for state in ("asked", "granted", "active", "expired", "ended"):
        granted, secret = state not in ("asked",), f"zhiying_{who}_{state}"
        row = add(
            ApiToken(
                name=f"{who} {state}",
                why="测试",
                until=day - timedelta(days=1) if state == "expired" else day + timedelta(days=9),
                made_at=now - HOUR,
                made_by_id=person_id,
                made_by_name=who,
                granted_at=now - HOUR if granted else None,
                granted_by_name="另一位" if granted else "",
                secret_hash=secret_hash(secret) if state in ("active", "expired", "ended") else None,
                taken_at=now if state in ("active", "expired", "ended") else None,
                ended_at=now if state == "ended" else None,
            )
        )
        world.own("token", state, who, token_id=row.id, bearer=secret)


def _uses_and_flags(world: Owners, who: str, person_id: int, now: datetime) -> None:
    known = world.things["article", "current"]
    count = len(world.owned)
    ids = {"article_id": known["article_id"], "revision_id": known["revision"]}
    ticket = f"2611{count:05}"
    used = add(Use(**ids, ticket=ticket, person_id=person_id, person_name=f"引用人{count}", at=now - HOUR))
    world.own("use", "pinned", who, use_id=used.id, number=known["number"], sign=ticket)
    for state in FlagState:
        words = f"纠错{len(world.owned)}号"
        flag = add(
            Flag(
                **ids,
                kind=FlagKind.WRONG,
                words=words,
                searched="",
                ticket=None,
                person_id=person_id,
                person_name=who,
                at=now,
                state=state,
            )
        )
        world.own("flag", state.name.lower(), who, flag_id=flag.id, sign=words)


def _drafts(world: Owners, who: str, person_id: int, now: datetime) -> None:
    title = f"草稿{len(world.owned)}号"
    row = add(
        Draft(author_id=person_id, author_name=who, content={"title": title}, created_at=now, changed_at=now, version=1)
    )
    world.own("draft", "saved", who, draft_id=row.id, version=1, stale=0, sign=title)


def _reviews(world: Owners, who: str, person_id: int, now: datetime) -> None:
    """A request of somebody's own, with a text of his own and a remark on it; one waits, one is decided."""
    category_id = db.session.scalars(select(Category.id).where(Category.code == "0104")).one()
    for state in (RequestState.WAITING, RequestState.APPROVED):
        sign = f"送审{len(world.owned)}号"
        plain = dict.fromkeys(
            ("title", "script", "body", "body_html", "audience", "district", "unit", "note", "why"), sign
        )
        number = f"KB-0104-8{len(world.owned):04}"
        article = add(Article(number=number, category_id=category_id, created_at=now))
        revision = add(
            Revision(
                **plain,
                article_id=article.id,
                no=1,
                kind=MaterialKind.LAW,
                valid_from=beijing_day(now),
                checked="2026-07",
                confidence="high",
                weight="勘误",
                sha256=sign,
                author_id=person_id,
                author_name=who,
                created_at=now,
            )
        )
        request = add(
            ReviewRequest(
                title=sign,
                why="",
                state=state,
                submitted_by_id=person_id,
                submitted_by_name=who,
                submitted_at=now,
            )
        )
        add(ReviewItem(request_id=request.id, revision_id=revision.id))
        facts = {"request_id": request.id, "revision_id": revision.id, "by_id": person_id, "by_name": who, "at": now}
        remark = add(Remark(**facts, field="script", quote="", text="改"))
        values = {"request_id": request.id, "remark_id": remark.id, "revision": revision.id, "version": 1, "stale": 0}
        world.own("review", state.name.lower(), who, **values, sign=sign)
