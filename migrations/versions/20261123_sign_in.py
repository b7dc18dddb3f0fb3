"""production sign-in

People already there have no password: they cannot sign in with one until the system administrator resets it.

Revision ID: a2_sign_in
Revises: c56fda794c3a
"""

import sqlalchemy as sa
from alembic import op

import portal.core.database as types

revision = "a2_sign_in"
down_revision = "c56fda794c3a"
branch_labels = None
depends_on = None


def person_columns() -> list[sa.Column]:
    return [
        sa.Column("created_by", sa.String(60), nullable=False, server_default=""),
        sa.Column("disabled_at", types.UtcDateTime(timezone=True)),
        sa.Column("password_hash", sa.String(200), nullable=False, server_default=""),
        sa.Column("password_set_at", types.UtcDateTime(timezone=True)),
        sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("totp_sealed", sa.String(200), nullable=False, server_default=""),
        sa.Column("totp_confirmed_at", types.UtcDateTime(timezone=True)),
        sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"),
    ]


def upgrade() -> None:
    with op.batch_alter_table("people") as batch:
        for column in person_columns():
            batch.add_column(column)
    with op.batch_alter_table("user_sessions") as batch:
        batch.add_column(sa.Column("second_at", types.UtcDateTime(timezone=True)))
    op.create_table(
        "old_passwords",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_old_passwords_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_old_passwords")),
    )
    op.create_index(op.f("ix_old_passwords_person_id"), "old_passwords", ["person_id"])
    op.create_table(
        "backup_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", types.UtcDateTime(timezone=True)),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_backup_codes_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_backup_codes_code_hash")),
    )
    op.create_index(op.f("ix_backup_codes_person_id"), "backup_codes", ["person_id"])
    op.create_table(
        "failed_tries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(60), nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_tries")),
    )
    for column in ("login", "address", "at"):
        op.create_index(op.f(f"ix_failed_tries_{column}"), "failed_tries", [column])


def downgrade() -> None:
    for table in ("failed_tries", "backup_codes", "old_passwords"):
        op.drop_table(table)
    with op.batch_alter_table("user_sessions") as batch:
        batch.drop_column("second_at")
    with op.batch_alter_table("people") as batch:
        for column in reversed(person_columns()):
            batch.drop_column(column.name)
