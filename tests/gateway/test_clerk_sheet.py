"""Clerks as CSV: what goes out comes in again, and a bad line is named."""

from __future__ import annotations

import pytest

from gateway.console.clerk_sheet import MOST, SheetError, clerks_in, sheet_of
from gateway.places import Clerk
from protocol.duty import ClerkFacts

HEAD = "number,name,role,stores,disabled\n"
CLERKS = (
    Clerk(number="1001", name="王小明", stores=("nanjing-lu", "pudong"), badge="", manager=True),
    Clerk(number="1002", name="=1+1", stores=("pudong",), badge="", disabled=True),
)


def test_what_goes_out_comes_in_again() -> None:
    assert clerks_in(sheet_of(CLERKS).encode()) == tuple(
        ClerkFacts(
            number=clerk.number,
            name=clerk.name,
            manager=clerk.manager,
            stores=clerk.stores,
            disabled=clerk.disabled,
        )
        for clerk in CLERKS
    )


def test_no_cell_is_one_that_a_spreadsheet_runs() -> None:
    assert "'=1+1" in sheet_of(CLERKS)
    assert sheet_of(CLERKS).startswith("\ufeff")


def test_a_clerk_without_a_number_is_a_new_one() -> None:
    assert clerks_in(f"{HEAD},李红,,pudong,\n".encode()) == (ClerkFacts(name="李红", stores=("pudong",)),)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"{HEAD}1,李红,clerk,pudong,no\n2,王,boss,pudong,no\n", "line 3"),
        (f"{HEAD}1,,clerk,pudong,no\n", "line 2"),
        (f"{HEAD}abc,李红,clerk,pudong,no\n", "line 2"),
        (f"{HEAD}1,李红,clerk,PUDONG,no\n", "line 2"),
        (f"{HEAD}1,李红,clerk,pudong,no,more\n", "line 2"),
        (f'{HEAD}1,"李红,clerk,pudong,no\n', "line 2"),
        ("number,name\n1,李红\n", "line 1"),
        ("", "line 1"),
        (HEAD, "0 clerks"),
        (HEAD + "".join(f"{n},李红,clerk,pudong,no\n" for n in range(MOST + 1)), "51 clerks"),
    ],
)
def test_a_bad_file_is_refused_and_the_line_is_named(content: str, why: str) -> None:
    with pytest.raises(SheetError, match=why):
        clerks_in(content.encode())


def test_a_file_in_another_encoding_is_refused() -> None:
    with pytest.raises(SheetError, match="UTF-8"):
        clerks_in(f"{HEAD}1,李红,clerk,pudong,no\n".encode("gb18030"))
