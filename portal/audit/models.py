"""The audit table. Rows are only ever added; the database itself refuses to change them."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, instant


class AuditRow(Base):
    """One act: who, from where, what, on what, how it went; chained to the row before it."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[instant]
    actor_id: Mapped[int | None] = mapped_column(index=True)
    actor_name: Mapped[str]
    session: Mapped[str]
    ip: Mapped[str]
    action: Mapped[str] = mapped_column(String(100), index=True)
    object_ref: Mapped[str] = mapped_column(String(200), index=True)
    result: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    detail: Mapped[str]
    alg: Mapped[str] = mapped_column(String(20))
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
