"""Every rule that decides about one object, and what stands there when it decides no longer."""

from .mutants import Mutant, mutant

ACC = "portal.accounts."
TOKENS, PEOPLE, MINE = ACC + "services.tokens:", ACC + "services.people:", ACC + "views.mine:"
TOGETHER, STATE_OF = ACC + "rules.roles:why_not_together", ACC + "rules.tokens:state_of"
INBOX = "portal.inbox."
EXPORTS, EXPORT_RULES, EXPORT_VIEWS = INBOX + "services.exports:", INBOX + "rules.exports:", INBOX + "views.exports:"
MAY_ASK, HAND_OVER = EXPORTS + "_may_ask", EXPORTS + "hand_over"
KNOW = "portal.knowledge."
USED, READ, VISIBLE = KNOW + "views.uses:used", KNOW + "views.uses:_read", KNOW + "queries.visible:"
SUCCESSION, CATEGORIES, UNITS = "portal.core.succession:", "portal.categories.services:", "portal.directory.services:"
WORDS = "portal.search.words:"

ACCOUNTS: list[Mutant] = [
    mutant("session/end mine", (MINE + "end_mine", "held is None or held.person_id != person.id", "held is None")),
    mutant("person/my password", (MINE + "change_password", "person.demo", "False")),
    mutant("person/my backup codes", (MINE + "new_codes", "not row.totp_confirmed_at", "False")),
    mutant(
        "session/end under another person",
        ("portal.admin.views.people:end_person_session", "held.person_id != person_id", "False"),
    ),
    mutant(
        "session/end mine", (ACC + "services:end_session", "session is None or session.ended_at is not None", "False")
    ),
    mutant("session/list of my own", (ACC + "queries:sessions_of", "UserSession.person_id == person_id, ", "")),
    mutant("session/list of my own", (ACC + "queries:sessions_of", "UserSession.ended_at.is_(None), ", "")),
    mutant("person/sign in", (ACC + "services:sign_in_demo", "not person.demo or ", "")),
    mutant("person/sign in", (ACC + "services:sign_in_demo", " or not person.active", "")),
    mutant("person/switch", (PEOPLE + "set_active", "person.id == by.id", "False")),
    mutant("person/new password", (PEOPLE + "reset_password", "person.demo or ", "")),
    mutant("person/new password", (PEOPLE + "reset_password", ' or person.kind != "person"', "")),
    mutant("person/reset second factor", (PEOPLE + "reset_second_factor", "person.id == by.id", "False")),
    mutant("person/grant", (PEOPLE + "set_roles", "person.id == by.id", "False")),
    mutant("person/grant", (PEOPLE + "set_roles", 'person.kind != "person"', "False")),
    mutant("person/grant over another's change", (PEOPLE + "set_roles", "opened_version != person.version", "False")),
    mutant("person/grant two offices", (PEOPLE + "set_roles", "why := why_not_together(roles)", "why := None")),
    mutant("person/grant two offices", (TOGETHER, "len(roles & OFFICES) > 1", "False")),
    mutant("person/grant office and trade", (TOGETHER, "roles & OFFICES and roles - OFFICES", "False")),
    mutant("person/grant client and head", (TOGETHER, "Role.CLIENT in roles and len(roles) > 1", "False")),
    mutant("token/grant", (TOKENS + "grant_token", "token.made_by_id == by.id", "False")),
    mutant("token/grant", (TOKENS + "grant_token", "found in _OVER", "False")),
    mutant("token/grant", (TOKENS + "grant_token", "found is TokenState.ASKED", "True")),
    mutant("token/take", (TOKENS + "take_token", "token.made_by_id != by.id", "False")),
    mutant("token/take", (TOKENS + "take_token", "found is not TokenState.GRANTED", "False")),
    mutant("token/end", (TOKENS + "end_token", "token.ended_at is None", "True")),
    mutant(
        "token/ask the interface",
        (TOKENS + "principal_by_token", "token is None or state(token, now) is not TokenState.ACTIVE", "token is None"),
    ),
    mutant("token/ask the interface", (STATE_OF, "ended_at is not None", "False")),
    mutant("token/ask the interface", (STATE_OF, "beijing_day(now) > until", "False")),
    mutant("token/take", (STATE_OF, "granted_at is None", "False")),
    mutant("token/take", (STATE_OF, "if taken_at is None", "if True")),
]

EXPORTS_AND_JOBS: list[Mutant] = [
    mutant("export/page", (EXPORT_RULES + "may_see", "person_id == by_id or sees_log or", "True or")),
    mutant("export/page", (EXPORT_RULES + "may_see", "person_id == by_id or ", "")),
    mutant("export/page", (EXPORT_RULES + "may_see", "sees_log or ", "")),
    mutant("export/page", (EXPORT_RULES + "may_see", "approves and not masked", "approves")),
    mutant("export/page", (EXPORT_RULES + "may_see", "approves and not masked", "not masked")),
    mutant("export/page", (EXPORT_VIEWS + "export", "_visible(number, person)", "queries.find_export(number)")),
    mutant("export/approve; export/refuse", (EXPORT_VIEWS + "_decide", "_visible(number, person)", "None")),
    mutant("export/approve", (EXPORT_RULES + "why_not_decide", "state is not ExportState.WAITING", "False")),
    mutant("export/approve", (EXPORT_RULES + "why_not_decide", "person_id == by_id", "False")),
    mutant("export/refuse without a word", (EXPORTS + "decide", "not approve and not remark.strip()", "False")),
    mutant(
        "export/download", (EXPORT_RULES + "why_not_download", "expires_at is not None and expires_at <= now", "False")
    ),
    mutant("export/download", (EXPORT_RULES + "why_not_download", "state == ExportState.READY", "True")),
    mutant("export/download", (HAND_OVER, ", Export.person_id == by.id", "")),
    mutant("export/download", (HAND_OVER, " or not by.may(kind.permission)", "")),
    mutant("export/download", (HAND_OVER, "files.look(path).sha256 != export.sha256", "False")),
    mutant("export/list of my own", (INBOX + "queries.exports:mine", ".where(Export.person_id == person_id)", "")),
    mutant(
        "export/list of my own", (INBOX + "queries.exports:waiting", ".where(Export.state == ExportState.WAITING)", "")
    ),
    mutant("export/list of my own", (EXPORT_VIEWS + "exports", " if decides else []", "")),
    mutant("export kind/page", (EXPORT_VIEWS + "asking", "not person.may(kind.permission)", "False")),
    mutant(
        "export kind/ask",
        (EXPORT_VIEWS + "asking", "not person.may(kind.permission)", "False"),
        (MAY_ASK, "not by.may(kind.permission) or ", ""),
    ),
    mutant(
        "export kind/ask unmasked",
        (EXPORT_VIEWS + "asking", "may_unmask=person.may(Permission.INBOX_EXPORT_ASK_UNMASKED)", "may_unmask=True"),
    ),
    mutant(
        "export kind/ask unmasked",
        (EXPORT_VIEWS + "asking", "may_unmask=person.may(Permission.INBOX_EXPORT_ASK_UNMASKED)", "may_unmask=True"),
        (MAY_ASK, "not masked and not", "False and not"),
    ),
    mutant(
        "export kind/ask unmasked", (INBOX + "forms:AskForm.__init__", "kind.personal and may_unmask", "may_unmask")
    ),
    mutant("job/stop", (INBOX + "services.jobs:stop", ", Job.owner_id == by.id", "")),
    mutant("job/stop", (INBOX + "services.jobs:stop", "job.state not in UNFINISHED or ", "")),
    mutant("job/stop", (INBOX + "services.jobs:stop", "kind is None or not kind.stopping", "False")),
    mutant("job/list of my own", (INBOX + "queries.jobs:jobs", "if owner_id is None", "if True")),
    mutant("notice/open", (INBOX + "services.notices:mark_read", ", Notice.person_id == person_id", "")),
    mutant("notice/read all", (INBOX + "services.notices:mark_all_read", "Notice.person_id == person_id, ", "")),
    mutant("notice/list of my own", (INBOX + "queries.notices:notices", ".where(Notice.person_id == person_id)", "")),
]

KNOWLEDGE: list[Mutant] = [
    mutant(
        "article/page; article/favourite",
        (VISIBLE + "article_of_readers", "any(line.revision_id for line in force.standing(article.publications))", "1"),
    ),
    mutant("article/list", (VISIBLE + "in_force", "return and_(", "return or_(Revision.id > 0, ")),
    mutant(
        "article/list", (VISIBLE + "in_force", "or_(Revision.valid_to.is_(None), Revision.valid_to >= today), ", "")
    ),
    mutant("article/list", (VISIBLE + "answering_on", "~overtaken,", "")),
    mutant(
        "article/page, the later text",
        (KNOW + "views.article:show", "now) if following and sees_pending", "now) if following"),
    ),
    mutant(
        "use/page of the article", (KNOW + "views.article:_usage", "person.may(Permission.KNOWLEDGE_USE_READ)", "True")
    ),
    mutant("use/page", (USED, "person.may(Permission.KNOWLEDGE_USE_READ) or row.person_id == person.id", "True")),
    mutant("use/page", (USED, "person.may(Permission.KNOWLEDGE_USE_READ) or ", "")),
    mutant("use/page", (USED, " or row.person_id == person.id", "")),
    mutant("article/flag page of the later text", (READ, "if sees_pending", "if True")),
    mutant("article/flag page of the later text", (READ, "sees_pending\n        or ", "")),
    mutant(
        "article/flag page; article/flag",
        (KNOW + "rules.force:has_begun", "published and max(days) <= beijing_day(now)", "published"),
    ),
    mutant(
        "article/flag page of another's text",
        (KNOW + "queries.articles:published_revisions", ".where(Publication.article_id == article_id)", ""),
    ),
    mutant(
        "article/use of another article's text",
        (KNOW + "services.uses:_answering", "revision.article_id == article.id", "True"),
    ),
    mutant(
        "article/use of the later text",
        (
            KNOW + "services.uses:_answering",
            "if db.session.scalar(answering(moment).where(Revision.id == revision.id))",
            "if True",
        ),
    ),
    mutant("flag/see", (KNOW + "services.uses:see_flag", "flag.state != FlagState.NEW", "False")),
    mutant(
        "flag/list", (KNOW + "queries.uses:flags", "Flag.state == FlagState.NEW)\n", "Flag.state != FlagState.NEW)\n")
    ),
    mutant("phrase/take; phrase/refuse", (KNOW + "services.learning:_decide", "phrase.state == state", "False")),
    mutant("phrase/take", (KNOW + "services.learning:_decide", "phrase.state != PhraseState.WAITING", "False")),
    mutant(
        "phrase/list", (KNOW + "queries.learning:waiting", ".where(ProposedPhrase.state == PhraseState.WAITING)", "")
    ),
]

TREES_AND_WORDS: list[Mutant] = [
    mutant(
        "category/rename; unit/rename",
        (SUCCESSION + "_outside", "thing.retired_on and on >= thing.retired_on", "False"),
    ),
    mutant("category/retire; unit/retire", (SUCCESSION + "why_not_end", "if thing.retired_on", "if False")),
    mutant("category/merge into one that ended", (SUCCESSION + "why_not_take_over", "if into.retired_on", "if False")),
    mutant(
        "unit/merge into one that ended", (UNITS + "why_not_merge", " or why_not_take_over(into, into.name, on)", "")
    ),
    mutant("category/retire", (CATEGORIES + "why_not_retire", "if left else None", "if False else None")),
    mutant(
        "category/merge into itself",
        (CATEGORIES + "why_not_merge", "into.id == category.id", "False"),
        (SUCCESSION + "Merges.circles", "return into == key", "return False"),
    ),
    mutant(
        "category/merge into another level", (CATEGORIES + "why_not_merge", "into.level != category.level", "False")
    ),
    mutant("category/merge", (CATEGORIES + "why_not_merge", 'why_not_retire(category, on, verb="合并") or ', "")),
    mutant(
        "unit/merge into itself",
        (UNITS + "why_not_merge", "into.id == unit.id", "False"),
        (SUCCESSION + "Merges.circles", "return into == key", "return False"),
    ),
    mutant("unit/retire", (UNITS + "retire_unit", "sentence := why_not_retire(unit, on)", "sentence := None")),
    mutant(
        "category/take back the end",
        (CATEGORIES + "take_back_category", 'what == "end" and category.retired_on', 'what == "end"'),
    ),
    mutant("unit/take back the end", (UNITS + "take_back_unit", 'what == "end" and unit.retired_on', 'what == "end"')),
    mutant(
        "category/rename over another's change",
        (CATEGORIES + "_opened", "opened_version is not None and category.version != opened_version", "False"),
    ),
    mutant("unit/edit over another's change", (UNITS + "edit_unit", ", Unit.version == opened_version", "")),
    mutant(
        "category/end its code under another", (CATEGORIES + "end_alias", " or alias.category_id != category.id", "")
    ),
    mutant("parent/add below", (CATEGORIES + "add_child", "not parent.in_use(from_on) or parent.retired_on", "False")),
    mutant("group/edit over another's change", (WORDS + "_opened", "group.version != opened_version", "False")),
    mutant("group/retire; group/restore", (WORDS + "retire_group", "bool(group.retired_at) is retired", "False")),
    mutant("term/retire; term/restore", (WORDS + "retire_term", "bool(term.retired_at) is retired", "False")),
    mutant("calendar day/change", ("portal.admin.services:edit_day", "not days_of_year(row.day.year)", "False")),
    mutant(
        "calendar day/change",
        ("portal.admin.services:edit_day", "sentence := why_not(row.day, row.kind)", "sentence := None"),
    ),
]

OBJECT_MUTANTS = [*ACCOUNTS, *EXPORTS_AND_JOBS, *KNOWLEDGE, *TREES_AND_WORDS]
