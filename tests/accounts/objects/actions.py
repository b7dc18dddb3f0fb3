"""How each act on an object is asked for: the route, what the form says, and what is looked for in the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from portal.core.database import db
from portal.inbox.models import Export, Notice

from .world import World


def _strangers_notice(world: World) -> str:
    """Whether reading all of one's own has read somebody else's as well."""
    notice = db.session.get_one(Notice, world.owned["notice", "unread", "foreign"]["notice_id"])
    return "" if notice.read_at is None else "and a stranger's"


def _newest_export(world: World) -> str:
    newest = db.session.scalars(select(Export).order_by(Export.id.desc()).limit(1)).one()
    return "masked" if newest.masked else "unmasked"


@dataclass(frozen=True)
class Action:
    """One act: texts in braces are values of the object.

    `look` names the value that is looked for in the answer; `instead` puts another value into the address; `after` says
    what became of other things; `alone` is asked without any session, once.
    """

    endpoint: str
    method: str = "GET"
    data: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    look: str = ""
    instead: dict[str, str] = field(default_factory=dict)
    after: Callable[[World], str] | None = None
    alone: bool = False
    bearer: str = ""


def _post(endpoint: str, **data: str) -> Action:
    return Action(endpoint, "POST", data)


ENDING = {"on": "2026-11-23", "why": "通知"}
NAMING = {"name": "{new_name}", "from_on": "2026-11-23", "why": "通知"}
PRESENT = "{version}"
STALE = "{stale}"
CANARY = {"q": "金丝雀"}

ACTIONS: dict[str, dict[str, Action]] = {
    "session": {
        "end mine": _post("accounts.end_mine"),
        "end as administrator": _post("admin.end_person_session"),
        "end under another person": Action("admin.end_person_session", "POST", instead={"person_id": "wrong_id"}),
        "list of my own": Action("accounts.mine", look="sign"),
        "page of the person": Action("admin.person", look="sign"),
    },
    "person": {
        "page": Action("admin.person"),
        "switch": _post("admin.set_active", reason="调岗"),
        "new password": _post("admin.reset_password"),
        "reset second factor": _post("admin.reset_second_factor"),
        "grant": _post("admin.set_roles", roles="A", opened_version=PRESENT),
        "grant client and head": Action("admin.set_roles", "POST", {"roles": "C S", "opened_version": PRESENT}),
        "grant two offices": Action("admin.set_roles", "POST", {"roles": "X Q", "opened_version": PRESENT}),
        "grant office and trade": Action("admin.set_roles", "POST", {"roles": "X A", "opened_version": PRESENT}),
        "grant over another's change": _post("admin.set_roles", roles="A", opened_version=STALE),
        "sign in": Action("accounts.demo_sign_in", "POST", {"person": "{person_id}"}, alone=True),
        "my password": _post("accounts.change_password", old="x", password="Chunfeng-8642", again="Chunfeng-8642"),
        "my backup codes": _post("accounts.new_codes"),
    },
    "export": {
        "page": Action("inbox.export"),
        "download": _post("inbox.download"),
        "approve": _post("inbox.approve_export", remark="同意"),
        "refuse": _post("inbox.refuse_export", remark="不必"),
        "refuse without a word": _post("inbox.refuse_export"),
        "list of my own": Action("inbox.exports", look="sign"),
        "log": Action("inbox.export_log", query={"number": "{number}"}, look="sign"),
    },
    "export kind": {
        "page": Action("inbox.ask_export"),
        "ask": Action("inbox.ask_export", "POST", {"why": "核对名单", "format": "xlsx"}, after=_newest_export),
        "ask unmasked": Action(
            "inbox.ask_export", "POST", {"why": "核对名单", "format": "xlsx", "masked": "no"}, after=_newest_export
        ),
    },
    "job": {"stop": _post("inbox.stop_job"), "list of my own": Action("inbox.jobs", look="sign")},
    "notice": {
        "open": _post("inbox.open_notice"),
        "list of my own": Action("inbox.index", look="sign"),
        "read all": Action("inbox.read_all", "POST", {"up_to": "999999"}, after=_strangers_notice),
    },
    "token": {
        "page": Action("admin.token"),
        "grant": _post("admin.grant_token"),
        "take": _post("admin.take_token"),
        "end": _post("admin.end_token", reason="不用了"),
        "ask the interface": Action("api.search", query=CANARY, bearer="{bearer}", alone=True),
    },
    "use": {
        "page": Action("knowledge.used", look="sign"),
        "list of the article": Action("knowledge.uses_of", look="sign"),
        "page of the article": Action("knowledge.show", look="sign"),
    },
    "flag": {
        "see": _post("knowledge.see_flag"),
        "answer": _post("knowledge.answer_flag", revision="", words="没有错"),
        "answer without a reason": _post("knowledge.answer_flag", revision="", words=""),
        "told": _post("knowledge.told_flag"),
        "list of my own": Action("knowledge.my_flags", look="sign"),
        "list": Action("knowledge.flags", query={"state": "new"}, look="sign"),
    },
    "article": {
        "page": Action("knowledge.show", look="script"),
        "page, the later text": Action("knowledge.show", look="later"),
        "another day": Action("knowledge.as_of", query={"on": "{other_day}"}, look="later"),
        "list": Action("knowledge.index", query=CANARY, look="title"),
        "search": Action("home.results", query=CANARY, look="script"),
        "suggestion": Action("home.suggest", query=CANARY, look="phrase"),
        "search of the interface": Action(
            "api.search", query=CANARY, look="script", bearer="zhiying_foreign_active", alone=True
        ),
        "page of its category": Action("categories.show", look="title"),
        "use": _post("knowledge.use", revision="{revision}"),
        "use of the later text": _post("knowledge.use", revision="{later_revision}"),
        "use of another article's text": _post("knowledge.use", revision="{another_revision}"),
        "flag page": Action("knowledge.flag", look="script"),
        "flag page of the later text": Action("knowledge.flag", query={"revision": "{later_revision}"}, look="later"),
        "flag page of another's text": Action(
            "knowledge.flag", query={"revision": "{another_revision}"}, look="another_script"
        ),
        "flag": _post("knowledge.flag", kind="有错", words="错了"),
        "favourite": _post("knowledge.favourite", keep="1"),
        "opened": _post("knowledge.opened"),
        "uses": Action("knowledge.uses_of"),
        "verify": _post("knowledge.verify", revision="{revision}", verdict="仍然准确"),
        "verify another article's text": _post("knowledge.verify", revision="{another_revision}", verdict="仍然准确"),
        "keep": _post("knowledge.keeping", owner="", interval_days="45", sensitivity="公开"),
        "feedback": _post("knowledge.feedback", revision="{revision}", solved="1"),
        "feedback on the later text": _post("knowledge.feedback", revision="{later_revision}", solved="1"),
        "feedback on another article's text": _post("knowledge.feedback", revision="{another_revision}", solved="1"),
        "subscribe": _post("knowledge.subscribe", keep="1"),
        "begin to change": _post("knowledge.edit"),
        "withdraw": _post("knowledge.withdraw", why="错了"),
        "call off": _post("knowledge.call_off", line="{line}"),
        "emergency": _post("knowledge.emergency", revision="{revision}", why="急"),
        "emergency with another article's text": _post("knowledge.emergency", revision="{another_revision}", why="急"),
        "restore": _post("knowledge.restore", revision="{revision}", why="要回来"),
    },
    "fuse": {"confirm": _post("knowledge.confirm_emergency")},
    "review": {
        "page": Action("knowledge.review", look="sign"),
        "list of my own": Action("knowledge.reviews", query={"state": "all", "mine": "1"}, look="sign"),
        "approve": _post("knowledge.decide", decision="approve", opened_version=PRESENT),
        "ask for changes": _post("knowledge.decide", decision="changes", words="改", opened_version=PRESENT),
        "refuse": _post("knowledge.decide", decision="refuse", words="不行", opened_version=PRESENT),
        "decide over another's word": _post("knowledge.decide", decision="approve", opened_version=STALE),
        "take back": _post("knowledge.take_back", opened_version=PRESENT),
        "remark": _post("knowledge.remark", place="{revision}:script", text="改"),
        "settle a remark": _post("knowledge.settle_remark"),
    },
    "change": {"acknowledge": _post("knowledge.acknowledge")},
    "phrase": {
        "take": _post("knowledge.take_phrase"),
        "refuse": _post("knowledge.refuse_phrase"),
        "list": Action("knowledge.phrases", look="sign"),
    },
    "batch": {
        "page": Action("knowledge.batch", look="sign"),
        "list": Action("knowledge.batches", look="sign"),
        "rejected rows": Action("knowledge.rejected_rows"),
        "apply": _post("knowledge.apply_batch", opened_version=PRESENT),
        "apply over another's change": _post("knowledge.apply_batch", opened_version=STALE),
        "drop": _post("knowledge.drop_batch", opened_version=PRESENT),
        "drop over another's change": _post("knowledge.drop_batch", opened_version=STALE),
    },
    "draft": {
        "page": Action("knowledge.draft", look="sign"),
        "list of my own": Action("knowledge.drafts", look="sign"),
        "write": _post("knowledge.draft", opened_version=PRESENT, title="改了"),
        "write over another window's": _post("knowledge.draft", opened_version=STALE, title="改了"),
        "save by itself": _post("knowledge.save_draft", opened_version=PRESENT, title="改了"),
        "save by itself over another window's": _post("knowledge.save_draft", opened_version=STALE, title="改了"),
        "merge": _post("knowledge.merge_draft", opened_version=PRESENT, title="改了", base="0"),
        "drop": _post("knowledge.drop_draft"),
    },
    "file": {"get": Action("knowledge.attachment")},
    "category": {
        "page": Action("categories.show"),
        "subscribe": _post("knowledge.subscribe_category", keep="1"),
        "rename": _post("categories.rename", opened_version=PRESENT, **NAMING),
        "rename over another's change": _post("categories.rename", opened_version=STALE, **NAMING),
        "retire": _post("categories.retire", opened_version=PRESENT, **ENDING),
        "merge": _post("categories.merge", into="{into}", opened_version=PRESENT, **ENDING),
        "merge into one that ended": _post("categories.merge", into="{ended_into}", opened_version=PRESENT, **ENDING),
        "merge into itself": _post("categories.merge", into="{code}", opened_version=PRESENT, **ENDING),
        "merge into another level": _post("categories.merge", into="03", opened_version=PRESENT, **ENDING),
        "take back the end": _post("categories.take_back", what="end", opened_version=PRESENT),
        "take back the name": _post("categories.take_back", what="name", opened_version=PRESENT),
        "end its code": _post("categories.end_alias", to_on="2026-12-31"),
        "end its code under another": Action(
            "categories.end_alias", "POST", {"to_on": "2026-12-31"}, instead={"code": "another_code"}
        ),
    },
    "parent": {
        "add below": _post("categories.add", code="{child}", name="新的一类", from_on="2026-11-23", why="通知"),
    },
    "unit": {
        "page": Action("units.show"),
        "edit": _post("directory.edit", contact="12345", note="新", opened_version=PRESENT),
        "edit over another's change": _post("directory.edit", contact="12345", note="新", opened_version=STALE),
        "rename": _post("units.rename", opened_version=PRESENT, **NAMING),
        "retire": _post("units.retire", opened_version=PRESENT, **ENDING),
        "merge": _post("units.merge", into="{into}", opened_version=PRESENT, **ENDING),
        "merge into one that ended": _post("units.merge", into="{ended_into}", opened_version=PRESENT, **ENDING),
        "merge into itself": _post("units.merge", into="{unit_id}", opened_version=PRESENT, **ENDING),
        "take back the end": _post("units.take_back", what="end", opened_version=PRESENT),
    },
    "group": {
        "edit": _post("search.group", words="{words}", opened_version=PRESENT),
        "edit over another's change": _post("search.group", words="{words}", opened_version=STALE),
        "retire": _post("search.retire_group", opened_version=PRESENT),
        "restore": _post("search.retire_group", retired="0", opened_version=PRESENT),
    },
    "term": {"retire": _post("search.retire_term"), "restore": _post("search.retire_term", retired="0")},
    "calendar day": {
        "change": _post("calendar.change_day", kind="{day_kind}", name="某节", source="某通知", opened_version="0"),
    },
}
