"""A PostgreSQL that is put back, or begun anew, under a head office that goes on: what it knew counts no more."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.database import Database, open_database, run_of
from headoffice.errors import BehindError, DatabaseError
from headoffice.platforms import cases as books
from headoffice.platforms.ports import Spent
from headoffice.redemptions.rids import Decision
from protocol import platform as machine
from protocol.platform import Phase, Seen
from protocol.vocabulary import Verdict
from simulator.postgresql import running_postgresql
from tests.fakes.platform import ScriptedPlatform
from tests.headoffice.platforms.conftest import CARD, CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from protocol.messages import Intent
    from protocol.platform import Case
    from simulator.postgresql import Postgresql
    from tests.headoffice.platforms.conftest import Shop

GOOD = Seen(verdict=Verdict.REDEEMABLE, voucher="cards/card-1")


class Overtaken(ScriptedPlatform):
    """A platform under whose next consume something happens."""

    meanwhile: Callable[[], object] | None = None

    async def consume(self, code: str, quantity: int) -> Verdict:
        happens, self.meanwhile = self.meanwhile, None
        if happens is None:
            return await super().consume(code, quantity)
        self.consumed.append((code, quantity))
        happens()
        verdict = self.hears.pop(0)
        assert verdict is not None
        return verdict


@pytest.fixture
def server(postgresql_programs: Path, free_port: Callable[[], int]) -> Iterator[Postgresql]:
    """Run a PostgreSQL that only this test uses."""
    with running_postgresql(postgresql_programs, free_port()) as server:
        yield server


@pytest.fixture
def database(server: Postgresql) -> Iterator[Database]:
    """Open its books."""
    with closing(open_database(server.url)) as database:
        yield database


@pytest.fixture
def platform(shop: Shop) -> Overtaken:
    """Let something happen under a consume."""
    shop.platform.__class__ = Overtaken
    assert isinstance(shop.platform, Overtaken)
    return shop.platform


def _begin_anew(server: Postgresql, copy: Path | None = None) -> None:
    """Kill it and start it again, over an older copy of its books where one is given."""
    server.kill()
    if copy is not None:
        server.put_back(copy)
    server.start()


def _copied(shop: Shop, server: Postgresql, to: Path) -> Path:
    """Copy the books as they are; that begins a run, over which the gateway speaks."""
    server.kill()
    server.copy(to)
    server.start()
    _lose_connections(shop)
    shop.process.driver.heard(shop.gateway, shop.process.database.read(run_of))
    return to


def _lose_connections(shop: Shop) -> None:
    with pytest.raises(DatabaseError):
        shop.process.round()


def _sent(shop: Shop, code: str = CODE) -> Intent:
    """Begin a redemption of which a consume has left that is not answered."""
    shop.platform.hears = [None]
    intent = shop.intent(code)
    shop.confirm(intent)
    return intent


def _case(shop: Shop, intent: Intent) -> Case:
    filed = shop.process.database.read(lambda connection: books.find(connection, intent.rid))
    assert filed is not None
    return filed.case


def _drive(shop: Shop) -> None:
    shop.process.pass_by(machine.CONSUME_S + machine.LONGEST_PAUSE_S)
    shop.process.round()


@pytest.mark.rule(11)
def test_what_gateways_said_before_the_books_were_put_back_lets_none_of_their_cases_be_driven(
    shop: Shop, server: Postgresql, tmp_path: Path
) -> None:
    intent = _sent(shop)
    older = _copied(shop, server, tmp_path / "older")
    _drive(shop)
    assert shop.resolve(intent).verdict is Verdict.REDEEMED
    _begin_anew(server, older)
    _lose_connections(shop)
    _drive(shop)
    assert len(shop.platform.consumed) == 2, "these books are an older copy, and its gateway knows"
    shop.process.driver.heard(shop.gateway, shop.process.database.read(run_of))
    _drive(shop)
    assert len(shop.platform.consumed) == 3


def test_a_round_drives_nothing_over_other_books_than_those_that_it_has_looked_through(
    shop: Shop, server: Postgresql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.platform.cards["600000000002"] = replace(CARD, voucher="card-2")
    first, second = _sent(shop), _sent(shop, "600000000002")
    older = _copied(shop, server, tmp_path / "older")
    read = shop.process.workers.read

    async def overtaken(*args: Any) -> Any:
        found = await read(*args)
        _begin_anew(server, older)
        return found

    monkeypatch.setattr(shop.process.workers, "read", overtaken)
    _drive(shop)
    assert [_case(shop, intent).attempts for intent in (first, second)] == [1, 1]
    assert len(shop.platform.consumed) == 2


def test_what_a_gateway_said_over_the_run_before_and_is_heard_of_late_counts_no_more(
    shop: Shop, server: Postgresql
) -> None:
    intent = _sent(shop)
    before = shop.process.database.read(run_of)
    _begin_anew(server)
    _lose_connections(shop)
    shop.process.round()
    shop.process.driver.heard(shop.gateway, before)
    _drive(shop)
    assert _case(shop, intent).attempts == 1


@pytest.mark.rule(6)
def test_no_to_a_consume_that_left_before_the_books_were_put_back_ends_nothing(
    shop: Shop, platform: Overtaken, server: Postgresql, tmp_path: Path
) -> None:
    intent = _sent(shop)
    older = _copied(shop, server, tmp_path / "older")
    platform.hears = [Verdict.ALREADY_REDEEMED]
    platform.meanwhile = lambda: _begin_anew(server, older)
    _drive(shop)
    assert _case(shop, intent).phase is Phase.OPEN, "these know one consume, and that was not answered"


@pytest.fixture
def claimed(shop: Shop, server: Postgresql, platform: Overtaken, tmp_path: Path) -> tuple[Intent, Path]:
    """Return a redemption, and books in which its platform has only been asked."""
    del platform
    make, shop.process.driver._make = shop.process.driver._make, lambda *_: None  # type: ignore[method-assign]
    intent = shop.intent(CODE)
    shop.confirm(intent)
    shop.process.driver._make = make  # type: ignore[method-assign]
    older = _copied(shop, server, tmp_path / "older")
    shop.process.pass_by(machine.QUERY_S)
    return intent, older


@pytest.mark.rule(6)
def test_no_to_a_consume_that_was_lost_is_not_taken_for_one_to_another_of_its_number(
    shop: Shop, platform: Overtaken, server: Postgresql, claimed: tuple[Intent, Path]
) -> None:
    intent, older = claimed

    def overtake() -> None:
        _begin_anew(server, older)
        with closing(open_database(server.url)) as another_head_office:
            another_head_office.write(consume)

    def consume(connection: Connection) -> None:
        filed = books.find(connection, intent.rid)
        assert filed is not None
        now = shop.clock()
        step = machine.checked(filed.case, GOOD, None, now.timestamp(), query=filed.case.queries, took_s=0.1)
        books.carry_out(connection, filed.gateway, step, now)

    platform.hears, platform.meanwhile = [Verdict.RISK_CONTROL], overtake
    shop.process.round()
    assert _case(shop, intent).phase is Phase.OPEN, "the other's consume may land"


@pytest.mark.rule(11)
def test_a_consume_that_the_books_have_lost_is_remembered_by_whoever_hears_its_answer(
    shop: Shop, platform: Overtaken, server: Postgresql, claimed: tuple[Intent, Path]
) -> None:
    intent, older = claimed
    platform.hears, platform.meanwhile = [Verdict.RISK_CONTROL], lambda: _begin_anew(server, older)
    shop.process.round()
    case = _case(shop, intent)
    assert (case.forgotten, case.attempts, case.voucher) == (True, 1, "cards/card-1")
    assert shop.resolve(intent).verdict is Verdict.PENDING, "a RESOLVE aborts nothing that has left"


def test_a_success_that_the_books_have_lost_the_consume_of_has_its_voucher(
    shop: Shop, platform: Overtaken, server: Postgresql, claimed: tuple[Intent, Path]
) -> None:
    intent, older = claimed
    platform.hears, platform.meanwhile = [Verdict.REDEEMED], lambda: _begin_anew(server, older)
    shop.process.round()
    answer = shop.resolve(intent)
    assert (answer.verdict, answer.voucher) == (Verdict.REDEEMED, "cards/card-1")
    assert shop.look(CODE).verdict is Verdict.ALREADY_REDEEMED


@pytest.mark.rule(7)
def test_an_event_that_meets_other_books_than_those_it_was_looked_up_in_is_to_be_sent_again(
    shop: Shop, server: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = _sent(shop)
    shop.platform.hears = [Verdict.ALREADY_REDEEMED]
    _drive(shop)
    assert _case(shop, intent).phase is Phase.OPEN
    write = shop.process.database.write

    def overtaken(work: Callable[[Connection], object]) -> object:
        _begin_anew(server)
        with pytest.raises(DatabaseError):
            write(work)
        return write(work)

    monkeypatch.setattr(shop.process.database, "write", overtaken)
    with pytest.raises(BehindError):
        shop.process.run(shop.process.driver.reported("cards/card-1", ours=True))
    assert _case(shop, intent).phase is Phase.OPEN


@pytest.mark.rule(7)
def test_that_nothing_was_spent_is_believed_once_it_was_open_for_long_in_these_books(
    shop: Shop, server: Postgresql
) -> None:
    intent = _sent(shop)
    driver, word = shop.process.driver, Decision(by="li.lei", why="it is not in the list")
    shop.platform.hears = [Verdict.ALREADY_REDEEMED]
    _drive(shop)
    shop.process.round()
    shop.process.pass_by(machine.QUIET_S)
    assert driver.quiet_in_s(intent.rid) == 0
    _begin_anew(server)
    _lose_connections(shop)
    early = shop.process.run(driver.decide(intent.rid, Spent.NOBODY, word))
    assert not early.wrote, "they may be of a moment at which a consume was still to leave"
    assert shop.resolve(intent).verdict is Verdict.PENDING
    shop.process.round()
    assert driver.quiet_in_s(intent.rid) == machine.QUIET_S
    shop.process.pass_by(machine.QUIET_S)
    assert shop.process.run(driver.decide(intent.rid, Spent.NOBODY, word)).wrote
    assert shop.resolve(intent).verdict is Verdict.ABORTED
