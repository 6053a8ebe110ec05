"""The published reference of the wire is the code's own."""

from __future__ import annotations

from pathlib import Path

from protocol.reference import markdown


def test_the_published_reference_is_made_from_this_code() -> None:
    published = Path(__file__).parents[2] / "docs" / "protocol.md"
    assert published.read_text(encoding="utf-8") == markdown(), "run: python -m protocol.reference > docs/protocol.md"
