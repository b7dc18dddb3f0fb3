"""uses, flags, search events, gaps and proposed phrases

There are no such rows yet. Uses refuse changes from here on: what was told to a caller stays. Going down loses them.

Revision ID: a5_use
Revises: a4_inbox
"""

import sqlalchemy as sa
from alembic import op

import portal.core.database as types

revision = "a5_use"
down_revision = "a4_inbox"
branch_labels = None
depends_on = None

APPEND_ONLY = ("uses",)


def upgrade() -> None:
    op.create_table(
        "search_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("first", sa.JSON(), nullable=False),
        sa.Column("context", sa.String(length=20), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_search_events_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_events")),
        sa.UniqueConstraint("person_id", "mark", name=op.f("uq_search_events_person_id_mark")),
    )
    op.create_index("ix_search_events_hits", "search_events", ["hits", "at"], unique=False)
    op.create_index(op.f("ix_search_events_key"), "search_events", ["key"], unique=False)
    op.create_index("ix_search_events_person", "search_events", ["person_id", "at"], unique=False)
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("sorted_by_name", sa.String(length=60), nullable=False),
        sa.Column("sorted_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("answered_by_name", sa.String(length=60), nullable=False),
        sa.Column("answered_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_gaps_article_id_articles")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_gaps_category_id_categories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
        sa.UniqueConstraint("key", name=op.f("uq_gaps_key")),
    )
    op.create_index(op.f("ix_gaps_category_id"), "gaps", ["category_id"], unique=False)
    op.create_table(
        "proposed_phrases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=60), nullable=False),
        sa.Column("decided_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_proposed_phrases_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["people.id"], name=op.f("fk_proposed_phrases_decided_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_phrases")),
        sa.UniqueConstraint("article_id", "key", name=op.f("uq_proposed_phrases_article_id_key")),
    )
    op.create_index(op.f("ix_proposed_phrases_key"), "proposed_phrases", ["key"], unique=False)
    op.create_index(op.f("ix_proposed_phrases_state"), "proposed_phrases", ["state"], unique=False)
    op.create_table(
        "search_clicks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=100), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["search_events.id"], name=op.f("fk_search_clicks_event_id_search_events")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_clicks")),
        sa.UniqueConstraint("event_id", "document", "how", name=op.f("uq_search_clicks_event_id_document_how")),
    )
    op.create_index(op.f("ix_search_clicks_document"), "search_clicks", ["document"], unique=False)
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("searched", sa.String(length=200), nullable=False),
        sa.Column("ticket", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.Column("seen_by_name", sa.String(length=60), nullable=False),
        sa.Column("seen_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_flags_article_id_articles")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_flags_person_id_people")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_flags_revision_id_revisions")),
        sa.ForeignKeyConstraint(["seen_by_id"], ["people.id"], name=op.f("fk_flags_seen_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
    )
    op.create_index(op.f("ix_flags_article_id"), "flags", ["article_id"], unique=False)
    op.create_index(op.f("ix_flags_person_id"), "flags", ["person_id"], unique=False)
    op.create_index(op.f("ix_flags_state"), "flags", ["state"], unique=False)
    op.create_table(
        "gap_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gap_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_gap_reports_category_id_categories")),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"], name=op.f("fk_gap_reports_gap_id_gaps")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_gap_reports_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_reports")),
    )
    op.create_index(op.f("ix_gap_reports_at"), "gap_reports", ["at"], unique=False)
    op.create_index(op.f("ix_gap_reports_gap_id"), "gap_reports", ["gap_id"], unique=False)
    op.create_index(op.f("ix_gap_reports_person_id"), "gap_reports", ["person_id"], unique=False)
    op.create_table(
        "phrase_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("used_words", sa.String(length=200), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_phrase_evidence_person_id_people")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposed_phrases.id"], name=op.f("fk_phrase_evidence_proposal_id_proposed_phrases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phrase_evidence")),
        sa.UniqueConstraint("proposal_id", "event_id", name=op.f("uq_phrase_evidence_proposal_id_event_id")),
    )
    op.create_index(op.f("ix_phrase_evidence_proposal_id"), "phrase_evidence", ["proposal_id"], unique=False)
    op.create_table(
        "uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_uses_article_id_articles")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_uses_person_id_people")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_uses_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uses")),
        sa.UniqueConstraint("ticket", "revision_id", name=op.f("uq_uses_ticket_revision_id")),
    )
    op.create_index("ix_uses_article", "uses", ["article_id", "at"], unique=False)
    op.create_index(op.f("ix_uses_person_id"), "uses", ["person_id"], unique=False)
    op.create_index(op.f("ix_uses_revision_id"), "uses", ["revision_id"], unique=False)

    types.keep_append_only(op.get_bind(), *APPEND_ONLY)


def downgrade() -> None:
    types.drop_append_only(op.get_bind(), *APPEND_ONLY)
    for table in (
        "uses",
        "phrase_evidence",
        "gap_reports",
        "flags",
        "search_clicks",
        "proposed_phrases",
        "gaps",
        "search_events",
    ):
        op.drop_table(table)
