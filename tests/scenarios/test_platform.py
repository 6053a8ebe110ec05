"""Codes of a platform, held up to a kiosk: the platform is asked, consumes once, and its doubts are nobody's loss."""

from __future__ import annotations

import secrets
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from protocol.vocabulary import Verdict
from tests.scenarios.answers import assert_ended_in_books, assert_refused_in_books, assert_says
from tests.scenarios.counter import WITHIN_S, Counter, running_counter, tail
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@pytest.fixture(scope="module")
def chain(mosquitto_program: Path, folder: Path) -> Iterator[Counter]:
    """Give a running counter in whose chain a platform of cards takes part."""
    with running_counter(folder, more=("--platform",)) as counter:
        yield counter


@pytest.fixture
def counter(chain: Counter) -> Iterator[Counter]:
    chain.tidy()
    yield chain
    _trouble(chain)
    chain.tidy()


def _sell(counter: Counter, **sale: Any) -> str:
    code = f"{secrets.randbelow(10**11) + 7 * 10**11}"
    counter.good("POST", "/api/platform/cards", {"codes": [code], **sale})
    return code


def _trouble(counter: Counter, **troubles: Any) -> None:
    counter.good("POST", "/api/platform/troubles", troubles)


def _used(counter: Counter, code: str) -> int:
    used: int = counter.good("GET", "/api/platform/consumed")["used"][code]
    return used


def test_a_platforms_code_is_offered_and_turns_green_at_one_press(counter: Counter) -> None:
    code = _sell(counter, title="门店拿铁")
    kiosk = counter.kiosk()
    kiosk.show(code)
    offer = kiosk.until_verdict("redeemable")
    assert any("门店拿铁" in line for line in offer["lines"])
    assert _used(counter, code) == 0, "a look spends nothing"
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert green["light"]["colour"] == "green"
    assert _used(counter, code) == 1
    assert {rows[0]["verdict"] for rows in counter.rows(green["rid"]).values()} == {"redeemed"}
    kiosk.clear()
    kiosk.tidy()
    refused = kiosk.looked(code)
    assert refused["verdict"] == "already_redeemed"


def test_a_code_that_was_used_elsewhere_or_that_nobody_has_is_refused_at_the_look(counter: Counter) -> None:
    code = _sell(counter)
    counter.good("POST", "/api/platform/consume", {"code": code})
    kiosk = counter.kiosk()
    assert kiosk.looked(code)["verdict"] == "already_redeemed"
    kiosk.clear()
    kiosk.tidy()
    assert kiosk.looked("799999999999")["verdict"] == "unknown_code"


def test_a_card_of_another_merchant_is_refused_at_the_look(counter: Counter) -> None:
    code = _sell(counter, foreign=True)
    assert_says(counter.kiosk().looked(code), Verdict.WRONG_MERCHANT)
    assert_refused_in_books(counter, Verdict.WRONG_MERCHANT, tail(code))


def test_what_the_platform_holds_back_is_not_spent(counter: Counter) -> None:
    code = _sell(counter)
    _trouble(counter, blocked=True)
    kiosk = counter.kiosk()
    assert_says(kiosk.looked(code), Verdict.REDEEMABLE)
    kiosk.press("ok")
    held = kiosk.until_verdict("risk_control")
    assert_says(held, Verdict.RISK_CONTROL)
    assert_ended_in_books(counter, held["rid"], Verdict.RISK_CONTROL)
    assert _used(counter, code) == 0


def test_a_lost_answer_is_amber_until_the_platforms_event_says_whose_it_was(counter: Counter) -> None:
    code = _sell(counter)
    _trouble(counter, lose=1, events="held")
    kiosk = counter.kiosk()
    kiosk.show(code)
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    amber = kiosk.until(lambda state: state["light"]["colour"] == "amber")
    assert amber["verdict"] == "pending"
    rid = amber["rid"]
    until(lambda: _used(counter, code) == 1, WITHIN_S)
    counter.good("POST", "/api/platform/events")
    shown = kiosk.until(lambda state: state["verdict"] == "redeemed" or state["screen"] == "handed_over")
    assert shown["rid"] == rid
    until(lambda: counter.rows(rid)["headoffice"][0]["verdict"] == "redeemed", WITHIN_S)
    assert _used(counter, code) == 1


def _hexiao(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of the head office as its operator does."""
    config = ("--config", str(folder / "headoffice" / "headoffice.toml"))
    command = [sys.executable, "-P", "-m", "cli.main", "headoffice", *arguments, *config]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=WITHIN_S)


def test_where_no_event_comes_a_person_says_whose_it_was_and_the_kiosk_is_told(counter: Counter, folder: Path) -> None:
    code = _sell(counter)
    _trouble(counter, lose=1, events="lost")
    kiosk = counter.kiosk()
    kiosk.show(code)
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    rid = kiosk.until(lambda state: state["light"]["colour"] == "amber")["rid"]
    until(lambda: f"{rid}" in (said := _hexiao(folder, "open").stdout) and "decide: ours" in said, WITHIN_S)
    early = _hexiao(folder, "decide", rid, "--spent", "nobody", "--by", "li.lei", "--why", "not in the list")
    assert (early.returncode, "a consume can still be under way" in early.stderr) == (1, True)
    decided = _hexiao(folder, "decide", rid, "--spent", "ours", "--by", "li.lei", "--why", "in the list of uses")
    assert decided.stdout == f"{rid} has ended: redeemed\n"
    shown = kiosk.until(lambda state: state["verdict"] == "redeemed" or state["screen"] == "handed_over")
    assert shown["rid"] == rid
    (row,) = counter.rows(rid)["headoffice"]
    assert (row["decided_by"], row["reason"]) == ("li.lei", "in the list of uses")
    assert "Every redemption has its end." in _hexiao(folder, "open").stdout
    assert _used(counter, code) == 1


def test_a_head_office_that_is_killed_between_the_consume_and_its_answer_spends_nothing_twice(
    counter: Counter,
) -> None:
    code = _sell(counter)
    _trouble(counter, lose=1, late_s=1.0, events="held")
    kiosk = counter.kiosk()
    kiosk.show(code)
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    until(lambda: code in counter.good("GET", "/api/platform/consumed")["sent"], WITHIN_S)
    counter.part("headoffice", "kill")
    until(lambda: _used(counter, code) == 1, WITHIN_S)
    counter.part("headoffice", "start")
    counter.good("POST", "/api/platform/events")
    kiosk.until(lambda state: state["verdict"] == "redeemed" or state["screen"] == "handed_over")
    assert _used(counter, code) == 1
