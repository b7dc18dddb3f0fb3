"""working calendar, categories and units with history

Rows already there keep what they have.

Revision ID: a3_calendar
Revises: a2_sign_in
"""

revision = "a3_calendar"
down_revision = "a2_sign_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
