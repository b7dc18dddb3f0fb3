"""Marks on views. They only mark: one guard, before every request, reads them (DESIGN §6, doors shut by default)."""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(reason: str) -> Callable[[View], View]:
    """Mark a view as open to everybody, with the reason written down."""

    def mark(view: View) -> View:
        view.__dict__["public"] = reason
        return view

    return mark


def is_marked(view: Callable[..., Any]) -> bool:
    """Whether somebody has said who may open this view."""
    return "public" in view.__dict__ or "needs" in view.__dict__
