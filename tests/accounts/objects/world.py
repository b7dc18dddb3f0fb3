"""A small world for the object matrix: of each thing one in every state, of what is owned one of each person's own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import Person, PersonRole, UserSession
from portal.accounts.rules.sessions import secret_hash
from portal.categories.models import Category, CategoryAlias, CategoryMerge
from portal.core import files
from portal.core.clock import beijing_day, utc_now
from portal.core.database import db
from portal.core.write import transaction
from portal.directory.models import Unit, UnitMerge
from portal.knowledge.models import (
    Article,
    ArticleBatch,
    ArticleRow,
    Attachment,
    PhraseEvidence,
    ProposedPhrase,
    Publication,
    Reference,
    Revision,
)
from portal.knowledge.rules.states import BatchState, PhraseState, RowFate
from portal.search.models import SynonymGroup, Term
from portal.search.services import drain, index_later
from tests.accounts.matrix import Guest
from tests.knowledge.pack import reviewer, take_in, write

from .owned import add, own_things

Values = dict[str, Any]
TODAY = date(2026, 11, 23)


@dataclass
class World:
    """Object and state → what names it in addresses and forms; what is owned once for each role, and once foreign."""

    app: Flask
    guests: list[Guest]
    things: dict[tuple[str, str], Values] = field(default_factory=dict)
    owned: dict[tuple[str, str, str], Values] = field(default_factory=dict)

    def of(self, thing: str, state: str, whose: str, guest: Guest) -> Values:
        """The values of an object as it stands to this guest."""
        if not whose:
            return self.things[thing, state]
        return self.owned[thing, state, guest.name if whose == "own" else "foreign"]

    def own(self, thing: str, state: str, who: str, **values: Any) -> None:
        """Take note of an object that belongs to somebody."""
        self.owned[thing, state, who] = values

    def put(self, thing: str, state: str, **values: Any) -> None:
        """Take note of an object that belongs to nobody in particular."""
        self.things[thing, state] = values


def make_world(app: Flask, everybody: list[Guest], folder: Path) -> World:
    """Fill the database of a bare portal, and say what is what."""
    world = World(app, everybody)
    with app.app_context():
        _articles(world, folder)
        with transaction():
            owners = dict(_owners(world))
            now = utc_now()
            for who, person_id in owners.items():
                own_things(world, who, person_id, now)
            _people(world, now)
            _phrases(world, now)
            _batches(world, now)
            _files(world, now)
            _categories(world, now)
            _units(world, now)
            _words(world, now)
        drain(wait=True)
    for state, values in (
        ("known", {"day": "2026-11-24", "day_kind": "statutory"}),
        ("without its year", {"day": "2031-05-05", "day_kind": "statutory"}),
        ("of the wrong weekday", {"day": "2026-11-24", "day_kind": "makeup"}),
    ):
        world.put("calendar day", state, **values)
    for kind in ("articles", "people", "closed"):
        world.put("export kind", kind, kind=kind)
    return world


def _owners(world: World) -> Iterator[tuple[str, int]]:
    """Whom things belong to: each role's person, one without a role, and a stranger."""
    known = db.session.execute(
        select(PersonRole.role, Person.id).join(Person).where(Person.demo, Person.login.like("demo.%"))
    )
    yield from ((str(role), person_id) for role, person_id in known)
    for guest in world.guests:
        if guest.name == "no role":
            with guest.client.session_transaction() as held:
                secret = held["_user_id"]
            yield (
                "no role",
                db.session.scalars(
                    select(UserSession.person_id).where(UserSession.secret_hash == secret_hash(secret))
                ).one(),
            )
    stranger = add(Person(login="stranger", name="陌路人", created_at=utc_now()))
    yield "foreign", stranger.id


def _articles(world: World, folder: Path) -> None:
    """Articles by their state in time; each says a word of its own in its script and another one in its title."""

    def lay(name: str, script: str, *, part: str = "", approved: bool = True, **days: date) -> None:
        place = folder / (name + part)
        write(
            place,
            f"obj-{name}",
            f"金丝雀{script}的话术。",
            title=f"金丝雀{script}题",
            phrases=(f"金丝雀{name}",),
            **days,
        )
        take_in(place, approved=approved, now=utc_now())

    lay("current", "甲字现行")
    lay("withdrawn", "乙字下架")
    lay("expired", "丙字过期", until=date(2026, 11, 1))
    lay("pending", "丁字将来", since=date(2027, 1, 1))
    lay("unpublished", "戊字草稿", approved=False)
    both = folder / "changing"
    write(
        both,
        "obj-changing",
        "金丝雀己字目前的话术。",
        title="金丝雀己字目前题",
        phrases=("金丝雀changing",),
        until=date(2026, 12, 31),
    )
    write(
        both,
        "obj-changing",
        "金丝雀庚字日后的话术。",
        title="金丝雀庚字日后题",
        phrases=("金丝雀changing",),
        takes_over=date(2027, 1, 1),
    )
    take_in(both, now=utc_now())
    with transaction():
        for article in db.session.scalars(select(Article).where(Article.slug.like("obj-%"))):
            if article.slug == "obj-withdrawn":
                by = reviewer()
                line = Publication(
                    article_id=article.id, from_at=utc_now(), by_id=by.id, by_name=by.name, reason="下架", at=utc_now()
                )
                add(line)
                index_later(f"article:{article.id}")
            coming = select(func.max(Publication.id)).where(
                Publication.article_id == article.id, Publication.from_at > utc_now()
            )
            newest = db.session.scalars(
                select(Revision).where(Revision.article_id == article.id).order_by(Revision.no)
            ).all()
            world.put("article", str(article.slug)[4:], **_named(article, newest), line=db.session.scalar(coming) or 0)
    _fuses(world)
    begun = select(Publication.id).where(Publication.revision_id == world.things["article", "current"]["revision"])
    world.put("change", "begun", line_id=db.session.scalars(begun).first())
    world.put("change", "not begun", line_id=world.things["article", "changing"]["line"])
    for state, other in (("current", "changing"), ("changing", "current")):
        another = world.things["article", other]
        world.things["article", state] |= {"another_revision": another["revision"], "another_script": another["script"]}


def _fuses(world: World) -> None:
    """An article that speaks on one person's word, and one whose fuse has burnt down."""
    with transaction():
        head = db.session.scalars(select(Person).where(Person.login == "demo.sun")).one()
        known = world.things["article", "unpublished"]
        source = db.session.get_one(Revision, known["revision"])
        said = dict.fromkeys(("title", "script", "body", "body_html"), "急")
        for state, lit_at in (("burning", utc_now()), ("burnt", utc_now() - timedelta(days=2))):
            article = add(
                Article(number=f"KB-0104-9{len(state)}0", category_id=known["category_id"], created_at=utc_now())
            )
            columns = {
                c.key: getattr(source, c.key) for c in Revision.__table__.columns if c.key not in ("id", "article_id")
            }
            revision = add(Revision(**{**columns, **said}, article_id=article.id))
            add(
                Publication(
                    article_id=article.id,
                    revision_id=revision.id,
                    from_at=lit_at,
                    lapses_at=lit_at + timedelta(days=1),
                    by_id=head.id,
                    by_name=head.name,
                    reason="急",
                    at=lit_at,
                )
            )
            world.put("fuse", state, number=article.number)


def _named(article: Article, revisions: Any) -> Values:
    first, last = revisions[0], revisions[-1]
    day = "2027-03-01" if last.valid_from > TODAY else "2026-10-15"
    return {
        "number": article.number,
        "article_id": article.id,
        "category_id": article.category_id,
        "revision": first.id,
        "script": first.script[3:10],
        "later": last.script[3:10],
        "title": first.title,
        "phrase": f"金丝雀{str(article.slug)[4:]}",
        "other_day": day,
        "later_revision": last.id,
        "code": "0104",
    }


def _people(world: World, now: datetime) -> None:
    kinds: dict[str, Values] = {
        "active": {"totp_sealed": "sealed"},
        "disabled": {"active": False},
        "service": {"kind": "service"},
        "demo": {"demo": True},
        "demo, disabled": {"demo": True, "active": False},
    }
    for state, facts in kinds.items():
        person = Person(login=f"obj.{len(world.things)}", name=f"人物{len(world.things)}", created_at=now, **facts)
        add(person)
        world.put("person", state, person_id=person.id, version=1, stale=0, sign=f'/admin/people/{person.id}"')
    for role, person_id in db.session.execute(
        select(PersonRole.role, Person.id).join(Person).where(Person.login.like("demo.%"))
    ):
        world.own("person", "self", str(role), person_id=person_id, version=1, stale=0)
    world.own("person", "self", "no role", person_id=1, version=1, stale=0)


def _phrases(world: World, now: datetime) -> None:
    article_id = world.things["article", "current"]["article_id"]
    for state in PhraseState:
        text = f"问法{state.name.lower()}"
        row = add(ProposedPhrase(article_id=article_id, key=text, text=text, state=state, at=now))
        add(PhraseEvidence(proposal_id=row.id, person_id=1, event_id=None, hits=0, used_words="", asked_at=now, at=now))
        world.put("phrase", state.name.lower(), phrase_id=row.id, sign=text)


def _batches(world: World, now: datetime) -> None:
    for state in (BatchState.STAGED, BatchState.APPLIED, BatchState.DROPPED):
        name = f"批次{state.name.lower()}.xlsx"
        batch = add(
            ArticleBatch(filename=name, kind="xlsx", sha256=state.name, state=state, by_id=1, by_name="某人", at=now)
        )
        for line, fate in enumerate((RowFate.NEW, RowFate.REJECTED), start=1):
            add(ArticleRow(batch_id=batch.id, line=line, name=f"第{line}行", content={"title": "某题"}, fate=fate))
        world.put("batch", state.name.lower(), batch_id=batch.id, version=1, stale=0, sign=name)


def _files(world: World, now: datetime) -> None:
    """A picture that a published text shows, one that a text shows nobody may read yet, one that no text shows."""
    for state, article in (("shown", "current"), ("in a text never published", "unpublished"), ("in no text", "")):
        path = files.draft("article")
        path.write_bytes(state.encode())
        kept = files.keep(path)
        row = add(
            Attachment(
                file=kept.name,
                filename="图.png",
                kind="png",
                size=kept.size,
                sha256=kept.sha256,
                by_id=1,
                by_name="某人",
                at=now,
            )
        )
        if article:
            revision = world.things["article", article]["revision"]
            add(Reference(revision_id=revision, kind="file", target=str(row.id)))
        world.put("file", state, file_id=row.id)


def _categories(world: World, now: datetime) -> None:
    parent = db.session.scalars(select(Category).where(Category.code == "01")).one()
    ended = beijing_day(now) - timedelta(days=30)
    into = None
    for number, state in enumerate(("in use", "retired", "merged")):
        row = add(
            Category(
                code=f"019{number}",
                first_name=f"类目{number}",
                level=2,
                parent_id=parent.id,
                retired_on=None if state == "in use" else ended,
            )
        )
        into = into or row
        if state == "merged":
            add(CategoryMerge(category_id=row.id, into_id=into.id))
        alias = add(
            CategoryAlias(
                category_id=row.id, system="市级系统", code=f"外{number}", from_on=ended, at=now, by_name="测试"
            )
        )
        world.put(
            "category",
            state,
            code=row.code,
            into="0101",
            ended_into="0191",
            another_code="0101",
            alias_id=alias.id,
            version=1,
            stale=0,
            new_name=f"新名{number}",
        )
    world.put("category", "with children in use", code="01", into="03", version=parent.version)
    for state, code in (("in use", "01"), ("retired", "02")):
        top = db.session.scalars(select(Category).where(Category.code == "02")).one()
        world.put("parent", state, code=code, child=f"{code}97")
    top.retired_on = ended


def _units(world: World, now: datetime) -> None:
    ended = beijing_day(now) - timedelta(days=30)
    into = None
    for number, state in enumerate(("in use", "retired", "merged")):
        row = add(
            Unit(
                first_name=f"某某单位{number}",
                level="市级",
                changed_at=now,
                changed_by="测试",
                retired_on=None if state == "in use" else ended,
            )
        )
        into = into or row
        if state == "merged":
            add(UnitMerge(unit_id=row.id, into_id=into.id))
        into_ended = into.id + 1
        world.put(
            "unit", state, unit_id=row.id, into=1, ended_into=into_ended, version=1, stale=0, new_name=f"新单位{number}"
        )


def _words(world: World, now: datetime) -> None:
    for number, state in enumerate(("in use", "retired")):
        retired = now if state == "retired" else None
        group = add(
            SynonymGroup(
                text=f"金丝鸟{number}、芙蓉鸟{number}",
                added_by="测试",
                changed_at=now,
                changed_by="测试",
                retired_at=retired,
            )
        )
        term = add(Term(text=f"金丝燕{number}", origin="手工", changed_at=now, changed_by="测试", retired_at=retired))
        words = f"金丝鸟{number}、黄雀{number}"
        world.put("group", state, group_id=group.id, version=1, stale=0, words=words)
        world.put("term", state, term_id=term.id)
