"""On PostgreSQL: what is written is counted by triggers, and the tables are laid back from copies of themselves."""

import psycopg

from portal.core.database import Base
from tests.accounts.matrix import UNCOUNTED

NOTE = """
CREATE TABLE watched (name text);
CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO watched VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
"""


class PostgresWatch:
    """Counts every row that anybody writes, but for what a refusal may write."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(NOTE)
        for table in Base.metadata.sorted_tables:
            left_out = UNCOUNTED.get(table.name)
            if left_out == ():
                continue
            counted = ", ".join(column.name for column in table.columns if column.name not in (left_out or ()))
            self.connection.execute(
                f"CREATE TRIGGER watch_it AFTER INSERT OR DELETE OR UPDATE OF {counted} ON {table.name} "  # type: ignore[arg-type]
                "FOR EACH ROW EXECUTE FUNCTION note_write()"
            )

    def written(self) -> list[str]:
        """The tables that were written since the last look."""
        rows = self.connection.execute("DELETE FROM watched RETURNING name").fetchall()
        return sorted({str(row[0]) for row in rows})


class PostgresSnapshot:
    """Every table as it was, laid back with all triggers asleep."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("CREATE SCHEMA kept")
        names = [table.name for table in Base.metadata.sorted_tables]
        for name in names:
            self.connection.execute(f"CREATE TABLE kept.{name} AS TABLE public.{name}")  # type: ignore[arg-type]
        self.connection.execute("SET session_replication_role = replica")
        back = [f"DELETE FROM {name}; INSERT INTO {name} SELECT * FROM kept.{name};" for name in names]
        self.back = "BEGIN; " + " ".join(back) + " COMMIT;"

    def restore(self) -> None:
        """Everything is as it was when it was kept."""
        self.connection.execute(self.back)  # type: ignore[call-overload]
