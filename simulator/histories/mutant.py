"""A rule broken on purpose: another function in the place of one of a shipped machine, for one run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from simulator.histories.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands in a module or class, and what is made of it.
Whatever: TypeAlias = Callable[..., Any]
Change: TypeAlias = tuple[object, str, Callable[[Any], object]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule: where what is put instead, made from what was there."""

    name: str
    rule: int
    changes: tuple[tuple[object, str, Callable[[Any], object]], ...]
    kind: Kind = Kind.OWN

    @contextmanager
    def at_large(self) -> Iterator[None]:
        """Break the rule for a while."""
        before = [getattr(place, name) for place, name, _ in self.changes]
        try:
            for (place, name, change), original in zip(self.changes, before, strict=True):
                setattr(place, name, change(original))
            yield
        finally:
            for (place, name, _), original in zip(self.changes, before, strict=True):
                setattr(place, name, original)


def broken(name: str, rule: int, *changes: Change, kind: Kind = Kind.OWN) -> Mutant:
    """Return the mutant that breaks a rule of docs/redemption.md by these changes."""
    return Mutant(name, rule, changes, kind)


def for_ever(_: float) -> float:
    """Put no end in the place of a limit."""
    return float("inf")
