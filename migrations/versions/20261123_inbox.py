"""notices, jobs and exports

There are no such rows yet.

Revision ID: a4_inbox
Revises: a3_calendar
"""

revision = "a4_inbox"
down_revision = "a3_calendar"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
