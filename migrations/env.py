"""Alembic's environment: one transaction for all steps, on the portal's own engine."""

from alembic import context

import portal.accounts.models
import portal.audit.models
import portal.categories.models
import portal.core.models
import portal.directory.models
import portal.knowledge.models
import portal.search.models  # noqa: F401
from portal.core.database import Base, db, writing


def run() -> None:
    token = writing.set(True)
    try:
        with db.engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                compare_type=True,
                user_module_prefix="types.",
                transaction_per_migration=False,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        writing.reset(token)


run()
