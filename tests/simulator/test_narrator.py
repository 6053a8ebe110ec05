"""What a rehearsal says arrives at once, whatever the terminal can show and whoever still reads."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING

import pytest

from simulator.browser import open_browser
from simulator.narrator import Narrator
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_says_what_and_how_long() -> None:
    out = io.StringIO()
    with Narrator(out).step("OK is pressed:") as more:
        more.append("green")
    assert re.fullmatch(r"✓ OK is pressed: green \(\d+\.\d s\)\n", out.getvalue())


def test_a_step_that_fails_is_not_told_as_done() -> None:
    out = io.StringIO()
    with pytest.raises(RuntimeError), Narrator(out).step("gateway"):
        raise RuntimeError
    assert out.getvalue() == ""


def test_colours_are_for_terminals_only() -> None:
    for out, coloured in ((io.StringIO(), False), (Terminal(), True)):
        Narrator(out).trouble("gateway has ended", ["journal is gone"])
        assert ("\x1b[" in out.getvalue()) is coloured
        assert "journal is gone" in out.getvalue()


def test_a_terminal_that_knows_no_hanzi_gets_what_it_can_show() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1")
    Narrator(out).say("✓ 南京路店")
    assert raw.getvalue() == "? ????\n".encode("latin-1")


def test_nobody_reading_any_more_ends_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    out = os.fdopen(writer, "w")
    narrator = Narrator(out)
    narrator.say("READY")
    narrator.say("still here")
    out.close()


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file into which the desktop's opener writes what it was asked to open."""
    opener = tmp_path / "xdg-open"
    opener.write_text('#!/bin/sh\necho "$1" > "$(dirname "$0")/opened"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    return tmp_path / "opened"


def test_the_page_is_opened_where_there_is_a_desktop(desktop: Path) -> None:
    assert open_browser("http://127.0.0.1:8080")
    until(lambda: desktop.exists() and desktop.read_text() == "http://127.0.0.1:8080\n")


def test_no_display_and_no_opener_are_no_errors(desktop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not open_browser("http://127.0.0.1:8080")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("PATH", str(desktop.parent))
    assert not open_browser("http://127.0.0.1:8080")
