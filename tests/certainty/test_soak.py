"""The long runs in short: real processes are killed, and what would be wrong with their books is found."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from simulator.histories.coverage import why_unreachable
from simulator.histories.faults import Fault, State
from simulator.histories.floors import LEAST_IN_A_CELL, is_full, markdown
from simulator.histories.kinds import Kind
from simulator.histories.mutants import MUTANTS
from simulator.histories.run import Report
from simulator.soak import __main__ as soak
from simulator.soak.judging import Acceptance, Evidence, Survived, judge, open_in
from simulator.soak.suffered import GATEWAY, PutBack, Suffered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RID, OTHER = "a" * 32, "b" * 32
CODE = "SOAK00001234"
#: Names that others read: they do not change.
CONTRACT = (
    "histories",
    "redemptions",
    "violations",
    "mutants",
    "mutants_killed",
    "powercut_images",
    "powercut_corrupt",
    "powercut_lost",
    "kills",
    "unresolved",
)


GREEN = Evidence(uses={CODE: 1}, greens={RID: "till-1"})
NOTHING_ELSE = Evidence(uses={CODE: 1})


def row(rid: str = RID, verdict: str = "redeemed", **more: Any) -> dict[str, Any]:
    return {"rid": rid, "verdict": verdict, "code_tail": CODE[-4:], "undone_by": None, "quantity": 1, **more}


def judged(
    headoffice: list[Any],
    gateway: list[Any],
    kiosk: list[Any],
    evidence: Evidence = NOTHING_ELSE,
    put_back: tuple[PutBack, ...] = (),
) -> list[str]:
    survived = Survived(Suffered(put_back=[*put_back]))
    books = {"headoffice": headoffice, "gateway": gateway, "kiosks": {"till-1": kiosk}}
    judge(survived, books, evidence)
    return survived.violations


def test_books_that_agree_are_found_to_agree() -> None:
    assert judged([row()], [row()], [row()], GREEN) == []


def test_a_refusal_and_what_a_party_has_forgotten_contradict_nothing() -> None:
    refusal = {"rid": None, "verdict": "expired", "code_tail": None}
    assert judged([row(), refusal], [refusal], []) == []


@pytest.mark.parametrize("owner", [[], [row(verdict="aborted")]])
def test_green_without_a_spent_use_is_found(owner: list[Any]) -> None:
    assert "showed green" in judged(owner, [], [], GREEN)[0]


@pytest.mark.parametrize("party", ["gateway", "till-1"])
def test_a_contradiction_between_the_books_is_found(party: str) -> None:
    said = [row(verdict="aborted")]
    found = judged([row()], said if party == "gateway" else [], said if party == "till-1" else [])
    assert found == [f"rule 2: {party} says aborted of {RID}, the head office says redeemed"]


def test_what_only_a_gateway_knows_is_found() -> None:
    assert "says None" in judged([], [row()], [])[0]


def test_a_use_that_is_spent_twice_is_found_unless_the_first_was_undone() -> None:
    assert "2 uses" in judged([row(), row(OTHER)], [], [])[0]
    assert judged([row(undone_by="c" * 32), row(OTHER)], [], []) == []


def test_cards_in_the_books_are_held_against_what_the_platform_has_consumed() -> None:
    card = row(platform="cards")
    consumed = Evidence(consumed=Counter({CODE[-4:]: 1}))
    assert judged([card], [], [], consumed) == []
    assert "0 redemptions of cards" in judged([], [], [], consumed)[0]
    assert "0 uses were consumed" in judged([card], [], [])[0]


def test_an_offline_conflict_that_no_list_has_or_whose_cause_has_not_happened_is_found() -> None:
    gone = row(verdict="offline_conflict")
    lost = PutBack(part=GATEWAY, copied_at=1.0, at=3.0)
    listed = Evidence(conflicts={RID: "gateway_journal_lost"})
    assert "no list has it" in judged([gone], [], [], put_back=(lost,))[0]
    assert judged([gone], [], [], listed, (lost,)) == []
    assert "has not happened" in judged([gone], [], [], listed)[0], "no journal of a gateway was put back"
    assert "lease_clock" in judged([gone], [], [], Evidence(conflicts={RID: "lease_clock"}), (lost,))[0]


ACCEPTED = Evidence(accepted={RID: Acceptance("till-1", 2.0)})
LISTED = Evidence(accepted=ACCEPTED.accepted, conflicts={RID: "gateway_declared_lost"})


@pytest.mark.parametrize("owner", [[], [row(verdict="aborted")], [row(verdict="already_redeemed")]])
def test_what_was_shown_as_accepted_and_ended_otherwise_is_found(owner: list[Any]) -> None:
    assert f"till-1 showed {RID} as accepted" in judged(owner, [], [], ACCEPTED)[0]


def test_what_was_shown_as_accepted_may_be_redeemed_or_a_conflict_with_its_cause() -> None:
    lost = PutBack(part=GATEWAY, copied_at=1.0, at=3.0)
    assert judged([row()], [], [], ACCEPTED) == []
    assert judged([row(verdict="offline_conflict")], [], [], LISTED, (lost,)) == []
    assert judged([row(verdict="offline_conflict")], [], [], ACCEPTED, (lost,)) != []


@pytest.mark.parametrize(
    ("parts", "copied_at", "excused"),
    [
        ((GATEWAY, "till-1"), 1.0, True),
        ((GATEWAY, "till-1"), 2.5, False),
        ((GATEWAY, "till-2"), 1.0, False),
        ((GATEWAY,), 1.0, False),
        (("till-1",), 1.0, False),
    ],
)
def test_an_acceptance_is_excused_where_kiosk_and_gateway_have_both_forgotten_it(
    parts: tuple[str, ...], copied_at: float, *, excused: bool
) -> None:
    put_back = tuple(PutBack(part=part, copied_at=copied_at, at=3.0) for part in parts)
    assert (judged([row(verdict="aborted")], [], [], ACCEPTED, put_back) == []) is excused


def test_what_a_till_was_told_is_held_against_the_books() -> None:
    told = Evidence(told={RID: "redeemed"})
    assert judged([row()], [], [], told) == []
    assert judged([row(verdict="aborted")], [], [], told) == [
        f"rule 2: a till says redeemed of {RID}, the head office says aborted"
    ]


def test_an_undo_of_which_the_books_disagree_is_found() -> None:
    undone, undo = row(undone_by=OTHER), row(OTHER, verdict="undone")
    told = Evidence(undone={OTHER: RID})
    assert judged([undone, undo], [undone, undo], [], told) == []
    assert "the head office does not know it" in judged([row()], [], [], told)[0]
    assert "by None in fact" in judged([row()], [undone], [])[0]
    assert f"by {OTHER} in fact" in judged([undone, undo], [row()], [])[0]


def test_what_has_no_end_is_found_in_every_book_and_in_what_the_head_office_lists_as_open() -> None:
    books = {"headoffice": [row()], "gateway": [row()], "kiosks": {"till-1": [row()]}}
    assert open_in(books, []) == []
    assert open_in({**books, "gateway": [row(verdict="pending")]}, []) == [f"gateway {RID}"]
    assert open_in({**books, "kiosks": {"till-1": [row(verdict="accepted_offline")]}}, []) == [f"till-1 {RID}"]
    assert open_in(books, [{"rid": RID, "phase": "open"}]) == [f"headoffice {RID}, which is open at its platform"]


@pytest.mark.timeout(400)
def test_every_long_run_in_short_and_its_figures_for_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(soak, "MUTANTS", MUTANTS[:2])
    code = soak.main(["--seeds", "5", "--redemptions", "0", "--images", "1", "--kills", "6", "--workers", "1"])
    said = capsys.readouterr().out
    figures = json.loads((tmp_path / "build" / "soak.json").read_text(encoding="utf-8"))
    assert code == 0, said
    assert [name for name in CONTRACT if name not in figures] == []
    assert (figures["histories"], figures["mutants"], figures["mutants_killed"]) == (5 * len(Kind), 2, 2)
    assert figures["kills"] >= 6
    assert figures["kills_that_met_a_redemption"] >= 1
    assert (figures["process_redeemed"] >= 1, figures["process_greens"] >= 1) == (True, True)
    assert figures["shortfalls"] == []
    assert (figures["violations"], figures["unresolved"], figures["powercut_lost"]) == (0, 0, 0)
    assert "kills survived" in said


def test_a_mutant_that_nothing_finds_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(soak, "_killers", lambda _: 0)
    result = soak.Result()
    soak._mutants(result)
    assert result.failed
    assert result.figures["mutants_killed"] == 0


def met(count: int = LEAST_IN_A_CELL) -> Report:
    """Return the report of a run that has met everything that can be met so often."""
    cells = {(fault, state): count for fault in Fault for state in State if why_unreachable(fault, state) is None}
    return Report(rids=100, hit=30, faults=Counter(cells))


def told(report: Report, *, full: bool = True) -> soak.Result:
    result = soak.Result()
    soak._tell(report, result, full=full)
    return result


def test_a_full_run_that_has_met_everything_often_enough_has_not_failed() -> None:
    assert not told(met()).failed
    assert is_full(100_000, 0)
    assert is_full(0, 1_000_000)
    assert not is_full(99_999, 999_999)


@pytest.mark.parametrize(
    ("short", "what"),
    [
        (lambda report: report.faults.subtract({(Fault.LOST, State.ASKED): 1}), "message lost, asked: met 99"),
        (lambda report: report.faults.pop((Fault.LOST, State.ASKED)), "message lost, asked: met 0"),
        (lambda report: setattr(report, "hit", 29), "29% of the requests"),
        (lambda report: report.faults.update({(Fault.UNDO, State.LOOK): 1}), "though it cannot be"),
    ],
)
def test_a_full_run_that_falls_short_fails_and_says_of_what(
    short: Callable[[Report], object], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = met()
    short(report)
    result = told(report)
    assert result.failed
    assert len(result.figures["falls_short"]) == 1
    assert what in result.figures["falls_short"][0]
    assert f"FALLS SHORT: {result.figures['falls_short'][0]}" in capsys.readouterr().out
    assert not told(report, full=False).failed


def test_the_faults_by_state_are_told_as_a_table_of_markdown() -> None:
    head, rule, *rows = markdown(met(1234))
    assert (head.count("|"), rule.count("|")) == (len(State) + 2, len(State) + 2)
    assert len(rows) == len(Fault)
    undone = next(row for row in rows if row.startswith(f"| {Fault.UNDO} |"))
    assert (undone.count(" - "), undone.count(" 1,234 ")) == (7, 3)
