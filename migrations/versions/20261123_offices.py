"""nobody holds two of the three offices, nor one of them beside another role

Rows already there are looked at first: whoever holds too much is named, and nothing is changed until somebody has
taken the second role away.

Revision ID: a7_offices
Revises: a6_words
"""

from alembic import op

from portal.accounts.offices import held_together, keep_offices_apart, let_offices_meet
from portal.core.errors import SetupError

revision = "a7_offices"
down_revision = "a6_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if logins := held_together(op.get_bind()):
        raise SetupError(f"三员、甲方代表不能兼任别的角色，请先收回多余的角色：{'、'.join(logins)}")
    keep_offices_apart(op.get_bind())


def downgrade() -> None:
    let_offices_meet(op.get_bind())
