"""Nobody holds two of the three offices: kept by the database itself, whoever writes to it (called by migrations).

An office (系统、安全、审计管理员) and the client's role stand alone: whoever holds one of them holds nothing beside it.
This is `why_not_together` of rules/roles.py said in SQL; a test holds the two against each other, pair by pair.
"""

from sqlalchemy import Connection

WORDS = "an office and the client stand alone"
VERBS = {"insert": "INSERT", "update": "UPDATE OF person_id, role"}

TOO_MANY = """
  (SELECT count(*) FROM person_roles WHERE person_id = NEW.person_id) > 1
  AND EXISTS (SELECT 1 FROM person_roles WHERE person_id = NEW.person_id AND role IN ('U', 'Q', 'X', 'C'))
"""

SQLITE = """
CREATE TRIGGER person_roles_apart_{name} AFTER {verb} ON person_roles WHEN {too_many}
BEGIN SELECT RAISE(ABORT, '{words}'); END
"""

POSTGRES_FUNCTION = """
CREATE FUNCTION keep_offices_apart() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  PERFORM 1 FROM people WHERE id = NEW.person_id FOR NO KEY UPDATE;
  IF {too_many} THEN RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation'; END IF;
  RETURN NULL;
END $$
"""
"""The row of the person is locked first: of two grants at the same time the second one sees the first."""

POSTGRES = """
CREATE TRIGGER person_roles_apart_{name} AFTER {verb} ON person_roles
FOR EACH ROW EXECUTE FUNCTION keep_offices_apart()
"""

HELD_TOGETHER = """
SELECT people.login FROM people JOIN person_roles held ON held.person_id = people.id
GROUP BY people.login HAVING count(*) > 1 AND max(CASE WHEN held.role IN ('U', 'Q', 'X', 'C') THEN 1 ELSE 0 END) = 1
ORDER BY people.login
"""


def held_together(connection: Connection) -> list[str]:
    """The logins of those who hold what nobody may hold together."""
    return list(connection.exec_driver_sql(HELD_TOGETHER).scalars())


def keep_offices_apart(connection: Connection) -> None:
    """Let the database refuse a second role beside an office or the client's role."""
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.exec_driver_sql(POSTGRES_FUNCTION.format(too_many=TOO_MANY, words=WORDS))
    for name, verb in VERBS.items():
        statement = POSTGRES if postgres else SQLITE
        connection.exec_driver_sql(statement.format(name=name, verb=verb, too_many=TOO_MANY, words=WORDS))


def let_offices_meet(connection: Connection) -> None:
    """Take the refusal away again; called by migrations on the way down."""
    postgres = connection.dialect.name == "postgresql"
    for name in VERBS:
        connection.exec_driver_sql(
            f"DROP TRIGGER IF EXISTS person_roles_apart_{name}" + (" ON person_roles" if postgres else "")
        )
    if postgres:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS keep_offices_apart()")
