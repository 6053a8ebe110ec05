"""No rule without a hand-made break, a mutant, and a test that names it; the table in the documentation is true."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from simulator.histories.mutants import MUTANTS
from tests.rules.breaking import ROOT, ScratchCopy, table
from tests.rules.edits import EDITS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rules.edit import Edit

RULES = {
    int(number) for number in re.findall(r"^(\d+)\. ", (ROOT / "docs/redemption.md").read_text("utf-8"), re.MULTILINE)
}
EVERY_EDIT = pytest.mark.parametrize("edit", EDITS, ids=[f"{edit.rule}: {edit.promise}" for edit in EDITS])


def test_every_rule_is_broken_by_hand_and_by_a_mutant() -> None:
    assert len(RULES) == 12
    assert {edit.rule for edit in EDITS} == RULES
    assert {mutant.rule for mutant in MUTANTS} == RULES


@EVERY_EDIT
def test_an_edit_changes_one_place_that_is_there(edit: Edit) -> None:
    assert (ROOT / edit.file).read_text("utf-8").count(edit.stands) == 1
    assert edit.stands != edit.instead


@EVERY_EDIT
def test_the_test_that_finds_it_is_there_and_names_the_rule(edit: Edit) -> None:
    path, name = edit.test.split("::")
    marks = re.search(
        rf"@pytest\.mark\.rule\(([\d, ]+)\)\n(?:@.*\n|[ )\]].*\n)*(?:async )?def {name}\(",
        (ROOT / "tests" / path).read_text("utf-8"),
    )
    assert marks is not None
    assert str(edit.rule) in marks[1].split(", ")


def test_the_table_in_the_documentation_is_the_one_of_the_edits() -> None:
    assert "\n".join(table()) in (ROOT / "docs/rules.md").read_text("utf-8")


@pytest.mark.timeout(600)
def test_a_broken_rule_is_named_and_a_whole_one_is_not(tmp_path: Path) -> None:
    copy, edit = ScratchCopy(tmp_path), EDITS[0]
    assert copy.is_found(edit)
    assert not copy.is_found(replace(edit, instead=edit.stands))
