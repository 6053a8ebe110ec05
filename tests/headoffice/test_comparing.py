"""A store's day told to its gateway, page by page and to nobody else; what it has found is kept, and shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from headoffice.redemptions import comparing
from protocol.comparing import AskRecorded, Differing, Recorded, Recordings, TellDiffering, What
from protocol.upstream import Met
from protocol.vocabulary import Verdict
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    import pytest

    from tests.headoffice.counter import Clock, Counter

TODAY = date(2026, 11, 21)


def ask(counter: Counter, gateway: str = "gw-nanjing-lu", **fields: object) -> Recordings:
    """Ask as a gateway does."""
    asked = {"store": "nanjing-lu", "day": TODAY} | fields
    answer = counter.ledger.answer(gateway, AskRecorded(**asked))  # type: ignore[arg-type]
    assert isinstance(answer, Recordings)
    return answer


def test_a_day_is_told_page_by_page_with_what_was_undone(
    counter: Counter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "TOLD_AT_ONCE", 2)
    rids = []
    for _ in range(4):
        rids.append(counter.redeem(counter.issue()).rid)
        clock.pass_by(timedelta(seconds=1))
    undo = counter.undo(rids[0])
    clock.pass_by(timedelta(hours=12))
    counter.redeem(counter.issue())

    told, after = list[Recorded](), None
    while not (page := ask(counter, after=after)).last:
        told += page.records
        after = page.records[-1].rid
    told += page.records
    assert told[0] == Recorded(rid=rids[0], verdict=Verdict.REDEEMED, undone_by=undo.rid)
    assert [record.rid for record in told] == [*rids, undo.rid]


def test_rids_of_one_moment_are_each_told_once(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "TOLD_AT_ONCE", 2)
    rids = {counter.redeem(counter.issue()).rid for _ in range(5)}
    first = ask(counter)
    second = ask(counter, after=first.records[-1].rid)
    third = ask(counter, after=second.records[-1].rid)
    told = [record.rid for page in (first, second, third) for record in page.records]
    assert (set(told), len(told), third.last) == (rids, 5, True)


def test_rids_are_told_by_name_on_whatever_day(counter: Counter) -> None:
    rid = counter.redeem(counter.issue()).rid
    assert ask(counter, day=date(2020, 1, 1)).records == ()
    found = ask(counter, day=date(2020, 1, 1), of=(rid, new_rid()))
    assert found.records == (Recorded(rid=rid, verdict=Verdict.REDEEMED),)


def test_a_gateway_is_told_nothing_of_another_ones_store(counter: Counter) -> None:
    rid = counter.redeem(counter.issue()).rid
    for of in ((), (rid,)):
        assert ask(counter, gateway="gw-jingan", of=of).records == ()


def test_what_a_gateway_has_found_is_kept_in_place_of_what_it_had_found_before(counter: Counter, clock: Clock) -> None:
    differing = Differing(rid=new_rid(), what=What.NOT_AT_HEADOFFICE, gateway=Verdict.REDEEMED)
    for count, listed in ((3, ()), (1, (differing,))):
        told = TellDiffering(store="nanjing-lu", day=TODAY, compared=40, count=count, differing=listed)
        assert isinstance(counter.ledger.answer("gw-nanjing-lu", told), Met)
        clock.pass_by(timedelta(minutes=1))
    counter.ledger.answer("gw-jingan", TellDiffering(store="nanjing-lu", day=TODAY, compared=9, count=9))

    (shown,) = counter.api.get("/api/v1/differences?store=nanjing-lu&day=2026-11-21").raise_for_status().json()
    assert (shown["gateway"], shown["compared"], shown["differing"]) == ("gw-nanjing-lu", 40, 1)
    assert [each.pop("do")[:24] for each in shown["differences"]] == ["The head office has none"]
    nothing = dict.fromkeys(("headoffice", "kiosk", "at_kiosk"))
    assert shown["differences"] == [
        {"rid": differing.rid, "what": "not_at_headoffice", "gateway": "redeemed", **nothing}
    ]
    assert counter.api.get("/api/v1/differences?day=2026-11-20").json() == []
