"""The outbox: what must be indexed, as rows of the transaction that caused it."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, instant


class OutboxRow(Base):
    """One thing to index anew; numbers follow the order of commits."""

    __tablename__ = "search_outbox"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(String(100))
    at: Mapped[instant]
