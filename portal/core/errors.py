"""What may go wrong, in the reader's words."""


class DomainError(Exception):
    """The world does not allow it; the message is a sentence for the person who asked."""


class ConflictError(DomainError):
    """Somebody saved first; carries what stands now, so that nothing typed is lost.

    Attributes:
        current: field label → the text that stands now.
        version: the version that stands now, to be opened next.
        who: who saved it.
        when: the moment, aware UTC, or None.
    """

    def __init__(
        self, message: str, *, current: dict[str, str], version: int = 0, who: str = "", when: object = None
    ) -> None:
        super().__init__(message)
        self.current = current
        self.version = version
        self.who = who
        self.when = when


class SetupError(Exception):
    """The installation cannot work as it stands; the message is one sentence for its administrator."""
