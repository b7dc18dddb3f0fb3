"""production sign-in

Rows already there keep what they have.

Revision ID: a2_sign_in
Revises: c56fda794c3a
"""

revision = "a2_sign_in"
down_revision = "c56fda794c3a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
