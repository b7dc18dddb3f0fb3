"""writing, review, verification, changed rules, taking in, prompts

Articles already there are open, of nobody in particular and verified at the usual intervals; flags wait for an answer.
Going down loses drafts, requests and prompts; lines of the ledger that were never confirmed by a second person go too,
for without their fuse they would speak for ever.

Revision ID: a8_writing
Revises: a7_offices
"""

import sqlalchemy as sa
from alembic import op

import portal.core.database as types

revision = "a8_writing"
down_revision = "a7_offices"
branch_labels = None
depends_on = None

APPEND_ONLY = ("verifications", "review_items", "references_made")
REVIEWED = "revision_id IS NULL OR review_id IS NOT NULL OR lapses_at IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "article_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("applied_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_article_batches_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_batches")),
    )
    with op.batch_alter_table("article_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_batches_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_batches_state"), ["state"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=60), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_attachments_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("file", name=op.f("uq_attachments_file")),
    )
    op.create_table(
        "prompts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("asks", sa.String(length=4), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("object_ref", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("harm", sa.Double(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("raised_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("owner_name", sa.String(length=60), nullable=False),
        sa.Column("taken_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("proof", sa.String(length=100), nullable=False),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_by_name", sa.String(length=60), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_prompts_category_id_categories")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["people.id"], name=op.f("fk_prompts_ended_by_id_people")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_prompts_owner_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompts")),
    )
    with op.batch_alter_table("prompts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_prompts_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_prompts_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_prompts_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_prompts_rule"), ["rule"], unique=False)
        batch_op.create_index(batch_op.f("ix_prompts_state"), ["state"], unique=False)

    op.create_table(
        "review_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_by_name", sa.String(length=60), nullable=False),
        sa.Column("submitted_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=60), nullable=False),
        sa.Column("decided_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["people.id"], name=op.f("fk_review_requests_decided_by_id_people")),
        sa.ForeignKeyConstraint(
            ["submitted_by_id"], ["people.id"], name=op.f("fk_review_requests_submitted_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_requests")),
    )
    with op.batch_alter_table("review_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_requests_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_requests_submitted_by_id"), ["submitted_by_id"], unique=False)

    op.create_table(
        "rule_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=4), nullable=False),
        sa.Column("in_force_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_rule_changes_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_changes")),
    )
    with op.batch_alter_table("rule_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_changes_key"), ["key"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(article_id IS NULL) <> (category_id IS NULL)", name=op.f("ck_subscriptions_one_thing")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_subscriptions_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_subscriptions_category_id_categories")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_subscriptions_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("person_id", "article_id", name=op.f("uq_subscriptions_person_id_article_id")),
        sa.UniqueConstraint("person_id", "category_id", name=op.f("uq_subscriptions_person_id_category_id")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriptions_category_id"), ["category_id"], unique=False)

    op.create_table(
        "article_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("fate", sa.String(length=10), nullable=False),
        sa.Column("column", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_rows_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["article_batches.id"], name=op.f("fk_article_rows_batch_id_article_batches")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_article_rows_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_rows")),
        sa.UniqueConstraint("batch_id", "line", name=op.f("uq_article_rows_batch_id_line")),
    )
    with op.batch_alter_table("article_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_rows_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_rows_fate"), ["fate"], unique=False)

    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=60), nullable=False),
        sa.Column("base_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_drafts_article_id_articles")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_drafts_author_id_people")),
        sa.ForeignKeyConstraint(["base_id"], ["revisions.id"], name=op.f("fk_drafts_base_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("article_id", "author_id", name=op.f("uq_drafts_article_id_author_id")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drafts_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_drafts_author_id"), ["author_id"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column("ticket", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_feedback_article_id_articles")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_feedback_person_id_people")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_feedback_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_at"), ["at"], unique=False)

    op.create_table(
        "references_made",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.id"], name=op.f("fk_references_made_revision_id_revisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_references_made")),
        sa.UniqueConstraint("revision_id", "kind", "target", name=op.f("uq_references_made_revision_id_kind_target")),
    )
    with op.batch_alter_table("references_made", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_references_made_target"), ["target"], unique=False)

    op.create_table(
        "remarks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("quote", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_by_name", sa.String(length=60), nullable=False),
        sa.Column("settled_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_remarks_by_id_people")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["review_requests.id"], name=op.f("fk_remarks_request_id_review_requests")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_remarks_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
    )
    with op.batch_alter_table("remarks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remarks_request_id"), ["request_id"], unique=False)

    op.create_table(
        "review_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["review_requests.id"], name=op.f("fk_review_items_request_id_review_requests")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_review_items_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_items")),
        sa.UniqueConstraint("request_id", "revision_id", name=op.f("uq_review_items_request_id_revision_id")),
    )
    with op.batch_alter_table("review_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_items_revision_id"), ["revision_id"], unique=False)

    op.create_table(
        "rule_touches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_rule_touches_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["rule_changes.id"], name=op.f("fk_rule_touches_change_id_rule_changes")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_rule_touches_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_touches")),
        sa.UniqueConstraint("change_id", "article_id", name=op.f("uq_rule_touches_change_id_article_id")),
    )
    with op.batch_alter_table("rule_touches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_touches_article_id"), ["article_id"], unique=False)

    op.create_table(
        "verifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_verifications_article_id_articles")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_verifications_by_id_people")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_verifications_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verifications_article_id"), ["article_id"], unique=False)

    op.create_table(
        "acknowledgements",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_acknowledgements_person_id_people")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_acknowledgements_publication_id_publications")
        ),
        sa.PrimaryKeyConstraint("person_id", "publication_id", name=op.f("pk_acknowledgements")),
    )
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("sensitivity", sa.String(length=4), nullable=False, server_default="公开"))
        batch_op.add_column(sa.Column("interval_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.create_index(batch_op.f("ix_articles_owner_id"), ["owner_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_articles_owner_id_people"), "people", ["owner_id"], ["id"])

    with op.batch_alter_table("flags", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("answer", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("answer_revision_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("answered_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("answered_by_name", sa.String(length=60), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("answered_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("told_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_flags_answer_revision_id_revisions"), "revisions", ["answer_revision_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_flags_answered_by_id_people"), "people", ["answered_by_id"], ["id"])

    types.drop_append_only(op.get_bind(), "publications")
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lapses_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("critical", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_check_constraint("reviewed_or_fused", REVIEWED)
    types.keep_append_only(op.get_bind(), "publications", *APPEND_ONLY)


def downgrade() -> None:
    types.drop_append_only(op.get_bind(), "publications", *APPEND_ONLY)
    op.drop_table("acknowledgements")
    op.execute("DELETE FROM publications WHERE lapses_at IS NOT NULL")
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_publications_reviewed_or_fused"), type_="check")
        batch_op.drop_column("critical")
        batch_op.drop_column("lapses_at")
    types.keep_append_only(op.get_bind(), "publications")

    with op.batch_alter_table("flags", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_flags_answered_by_id_people"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_flags_answer_revision_id_revisions"), type_="foreignkey")
        batch_op.drop_column("told_at")
        batch_op.drop_column("answered_at")
        batch_op.drop_column("answered_by_name")
        batch_op.drop_column("answered_by_id")
        batch_op.drop_column("answer_revision_id")
        batch_op.drop_column("answer")
        batch_op.drop_column("due_on")

    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_articles_owner_id_people"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_articles_owner_id"))
        batch_op.drop_column("version")
        batch_op.drop_column("interval_days")
        batch_op.drop_column("sensitivity")
        batch_op.drop_column("owner_id")

    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verifications_article_id"))

    op.drop_table("verifications")
    with op.batch_alter_table("rule_touches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rule_touches_article_id"))

    op.drop_table("rule_touches")
    with op.batch_alter_table("review_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_items_revision_id"))

    op.drop_table("review_items")
    with op.batch_alter_table("remarks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remarks_request_id"))

    op.drop_table("remarks")
    with op.batch_alter_table("references_made", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_references_made_target"))

    op.drop_table("references_made")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_at"))
        batch_op.drop_index(batch_op.f("ix_feedback_article_id"))

    op.drop_table("feedback")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drafts_author_id"))
        batch_op.drop_index(batch_op.f("ix_drafts_article_id"))

    op.drop_table("drafts")
    with op.batch_alter_table("article_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_rows_fate"))
        batch_op.drop_index(batch_op.f("ix_article_rows_article_id"))

    op.drop_table("article_rows")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_category_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_article_id"))

    op.drop_table("subscriptions")
    with op.batch_alter_table("rule_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rule_changes_key"))

    op.drop_table("rule_changes")
    with op.batch_alter_table("review_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_requests_submitted_by_id"))
        batch_op.drop_index(batch_op.f("ix_review_requests_state"))

    op.drop_table("review_requests")
    with op.batch_alter_table("prompts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_prompts_state"))
        batch_op.drop_index(batch_op.f("ix_prompts_rule"))
        batch_op.drop_index(batch_op.f("ix_prompts_owner_id"))
        batch_op.drop_index(batch_op.f("ix_prompts_key"))
        batch_op.drop_index(batch_op.f("ix_prompts_category_id"))

    op.drop_table("prompts")
    op.drop_table("attachments")
    with op.batch_alter_table("article_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_batches_state"))
        batch_op.drop_index(batch_op.f("ix_article_batches_sha256"))

    op.drop_table("article_batches")
