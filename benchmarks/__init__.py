"""What the product costs and reaches, measured: ``make bench``, or one part with ``make bench ONLY=decode``.

Each module here with a function ``run() -> list[Row]`` is a benchmark of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure: what of, which one, how much of what unit, and what it is held to, if to anything."""

    subject: str
    measure: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def bar(self) -> str:
        """What it is held to, in words."""
        if self.at_most is not None:
            return f"≤ {self.at_most:.4g}"
        return "" if self.at_least is None else f"≥ {self.at_least:.4g}"

    @property
    def missed(self) -> bool:
        """Whether the figure is beyond its bar."""
        above = self.at_most is not None and self.value > self.at_most
        return above or (self.at_least is not None and self.value < self.at_least)
