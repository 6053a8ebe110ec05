"""Whatever the desk refuses, it says in Chinese to whoever reads Chinese."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import headoffice
from headoffice.desk.problems import told
from tests.headoffice.desk.browsing import Browsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

ROOM = Path(headoffice.__file__).parent
#: The desk, and the rules behind its forms.
READ_BY_PEOPLE = (
    *sorted((ROOM / "desk").glob("*.py")),
    *(ROOM / "staff" / f"{name}.py" for name in ("activations", "at_stores", "clerks", "passwords", "people")),
    *(ROOM / "vouchers" / f"{name}.py" for name in ("campaigns", "drafts", "lent", "life", "orders")),
    *(ROOM / "practice" / f"{name}.py" for name in ("opening", "vouchers")),
    *(ROOM / "outbox" / f"{name}.py" for name in ("addresses", "hooks", "signature")),
    ROOM / "redemptions" / "parcels.py",
    ROOM / "notices" / "looking.py",
)


def _refusals(path: Path) -> Iterator[str]:
    """Yield what a module can refuse, an X for whatever changes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Assign(targets=[ast.Name(id="msg")], value=said):
                pass
            case ast.Call(func=ast.Name(id="Objection"), args=[said]):
                pass
            case _:
                continue
        parts = said.values if isinstance(said, ast.JoinedStr) else [said]
        if all(isinstance(part, ast.FormattedValue) or hasattr(part, "value") for part in parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)


@pytest.mark.parametrize("path", READ_BY_PEOPLE, ids=lambda path: str(path.relative_to(ROOM)))
def test_every_refusal_has_its_words_in_chinese(path: Path) -> None:
    untold = [said for said in _refusals(path) if said.strip("X") and told(said, "zh") == said]
    assert untold == []


@pytest.mark.parametrize("module", ["composing", "carrier"])
def test_so_has_every_reason_why_a_customer_was_not_told(module: str) -> None:
    source = ast.parse((ROOM / "notices" / f"{module}.py").read_text(encoding="utf-8"))
    reasons = [
        node.value
        for call in ast.walk(source)
        if isinstance(call, ast.Return | ast.Call)
        for node in ast.walk(call)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(("the ", "waits "))
    ]
    assert reasons
    assert [reason for reason in reasons if told(f"{reason}X" if reason.endswith(" ") else reason, "zh")[0] < "z"] == []


def test_there_are_refusals_to_be_told() -> None:
    assert sum(len(list(_refusals(path))) for path in READ_BY_PEOPLE) > 30


def test_what_changes_is_said_too_and_english_stays_as_it_is() -> None:
    said = "li.lei has drawn up latte; somebody else decides about it"
    assert told(said, "zh") == "li.lei 是 latte 的提交人,须由他人审核"
    assert told(said, "en") == said
    assert told("a disk has broken", "zh") == "a disk has broken"


def test_a_person_is_told_in_their_language(app: FastAPI, staff: Browsing) -> None:
    form = {"rid": "0" * 32, "carrier": "EMS"}
    assert "nothing is to be sent" in staff.post("/parcels", **form).text
    chinese = Browsing(app, "zh")
    chinese.cookie, chinese.key = staff.cookie, staff.key
    assert "没有成功:此笔核销没有要寄出的东西" in chinese.post("/parcels", **form).text
    assert "没有成功:name: 请填写" in chinese.post("/stores/new", id="jingan", name="").text
