"""working calendar, categories and units with history

Rows already there keep what they have: the name of a category or a unit is the one it began with, nothing is retired,
and the days of the calendar are at their first version. Going down loses later names, merges and outside codes.

Revision ID: a3_calendar
Revises: a2_sign_in
"""

import sqlalchemy as sa
from alembic import op

import portal.core.database as types

revision = "a3_calendar"
down_revision = "a2_sign_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calendar_days", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("calendar_days", sa.Column("changed_at", types.UtcDateTime(timezone=True), nullable=True))
    op.add_column("calendar_days", sa.Column("changed_by", sa.String(length=60), server_default="", nullable=False))
    op.add_column("categories", sa.Column("started_on", sa.Date(), nullable=True))
    op.add_column("categories", sa.Column("retired_why", sa.String(length=200), server_default="", nullable=False))
    op.add_column("categories", sa.Column("changed_at", types.UtcDateTime(timezone=True), nullable=True))
    op.add_column("categories", sa.Column("changed_by", sa.String(length=60), server_default="", nullable=False))
    op.add_column("categories", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("units", sa.Column("retired_on", sa.Date(), nullable=True))
    op.add_column("units", sa.Column("retired_why", sa.String(length=200), server_default="", nullable=False))
    _names("category_names", "category_id", "categories")
    _names("unit_names", "unit_id", "units")
    op.create_index(op.f("ix_unit_names_name"), "unit_names", ["name"])
    _merges("category_merges", "category_id", "categories")
    _merges("unit_merges", "unit_id", "units")
    op.create_table(
        "category_aliases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_category_aliases_category_id_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_aliases")),
        sa.UniqueConstraint("system", "code", "from_on", name=op.f("uq_category_aliases_system_code_from_on")),
    )
    op.create_index(op.f("ix_category_aliases_category_id"), "category_aliases", ["category_id"])


def _names(table: str, owner: str, owners: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(owner, sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint([owner], [f"{owners}.id"], name=op.f(f"fk_{table}_{owner}_{owners}")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(owner, "from_on", name=op.f(f"uq_{table}_{owner}_from_on")),
    )


def _merges(table: str, owner: str, owners: str) -> None:
    op.create_table(
        table,
        sa.Column(owner, sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint([owner], [f"{owners}.id"], name=op.f(f"fk_{table}_{owner}_{owners}")),
        sa.ForeignKeyConstraint(["into_id"], [f"{owners}.id"], name=op.f(f"fk_{table}_into_id_{owners}")),
        sa.PrimaryKeyConstraint(owner, name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_into_id"), table, ["into_id"])


def downgrade() -> None:
    for table in ("category_aliases", "unit_merges", "category_merges", "unit_names", "category_names"):
        op.drop_table(table)
    for table, columns in (
        ("units", ("retired_why", "retired_on")),
        ("categories", ("version", "changed_by", "changed_at", "retired_why", "started_on")),
        ("calendar_days", ("changed_by", "changed_at", "version")),
    ):
        for column in columns:
            op.drop_column(table, column)
