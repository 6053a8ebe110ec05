"""Alarms at the head office: told once, again daily, and when they are over; whoever reports, and however often."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from cli.main import app
from gateway.config import HeadOffice
from gateway.upstream import Upstream
from headoffice.alarms import board, words
from headoffice.alarms.board import NOTED, REMINDED, SILENT
from headoffice.alarms.rounds import Rounds
from headoffice.alarms.words import Said
from headoffice.tables.alarms import alarm_reporters
from headoffice.workers import Workers
from protocol.alarms import Alarm, AlarmKind, Report
from provisioning.authority import Authority
from provisioning.verbs import certify_gateway, certify_headoffice
from tests.headoffice.outbox.conftest import told
from tests.headoffice.process import running
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

GATEWAY = "gw-nanjing-lu"


def _silent(kiosk: str, clock: Clock) -> Alarm:
    return Alarm(kind=AlarmKind.KIOSK_SILENT, about=kiosk, store="nanjing-lu", since=clock().timestamp() - 900)


def _report(database: Database, clock: Clock, *alarms: Alarm, reporter: str = GATEWAY) -> None:
    database.write(lambda connection: board.report(connection, reporter, alarms, clock()))


def _webhook(counter: Counter) -> str:
    wanted = {"url": "https://erp.example/", "events": ["alarm.raised", "alarm.reminded", "alarm.ended"]}
    return str(counter.api.post("/api/v1/webhooks", wanted).raise_for_status().json()["id"])


def _said(database: Database, webhook: str) -> list[tuple[str, str]]:
    return [(body["type"], body["data"]["about"]) for body in told(database, webhook)]


def test_an_alarm_is_told_once_however_often_it_is_reported_and_again_when_it_is_over(
    counter: Counter, database: Database, clock: Clock
) -> None:
    webhook = _webhook(counter)
    alarm = _silent("till-1", clock)
    for _ in range(5):
        _report(database, clock, alarm)
        clock.pass_by(timedelta(minutes=1))
    _report(database, clock, alarm, _silent("till-2", clock))
    _report(database, clock, _silent("till-2", clock))
    _report(database, clock)
    _report(database, clock, alarm)
    assert _said(database, webhook) == [
        ("alarm.raised", "till-1"),
        ("alarm.raised", "till-2"),
        ("alarm.ended", "till-1"),
        ("alarm.ended", "till-2"),
        ("alarm.raised", "till-1"),
    ]
    first = told(database, webhook)[0]
    assert first["data"]["store"] == {"id": "nanjing-lu", "name": "南京路店"}
    assert first["data"]["zh"] == "南京路店:核销机 till-1 没有响应,请检查电源和网络,自 11-21 11:45 起"
    assert first["data"]["en"] == "南京路店: kiosk till-1 is silent; look at its power and network, since 11-21 11:45"


def test_people_are_reminded_daily(counter: Counter, database: Database, clock: Clock) -> None:
    webhook = _webhook(counter)
    alarm = _silent("till-1", clock)
    for _ in range(50):
        _report(database, clock, alarm)
        clock.pass_by(timedelta(hours=1))
    assert [type_ for type_, _ in _said(database, webhook)] == ["alarm.raised", "alarm.reminded", "alarm.reminded"]


def test_what_one_reports_is_none_of_anothers(counter: Counter, database: Database, clock: Clock) -> None:
    webhook = _webhook(counter)
    _report(database, clock, _silent("till-1", clock))
    _report(database, clock, reporter="gw-jingan")
    assert _said(database, webhook) == [("alarm.raised", "till-1")]


def test_two_head_offices_that_take_a_report_at_once_tell_it_once(
    counter: Counter, database: Database, clock: Clock
) -> None:
    webhook = _webhook(counter)
    alarm = _silent("till-1", clock)
    race(*[lambda: _report(database, clock, alarm)] * 4)
    race(*[lambda: _report(database, clock)] * 4)
    assert _said(database, webhook) == [("alarm.raised", "till-1"), ("alarm.ended", "till-1")]


def test_a_report_that_says_nothing_new_is_not_written(counter: Counter, database: Database, clock: Clock) -> None:
    alarm = _silent("till-1", clock)

    def quiet(*alarms: Alarm) -> bool:
        return database.read(lambda connection: board.changes_nothing(connection, GATEWAY, alarms, clock()))

    assert not quiet(alarm)
    _report(database, clock, alarm)
    assert quiet(alarm)
    assert not quiet()
    assert not quiet(alarm, _silent("till-2", clock))
    clock.pass_by(NOTED)
    assert not quiet(alarm)
    _report(database, clock, alarm)
    clock.pass_by(REMINDED - NOTED)
    assert not quiet(alarm)


def test_a_gateway_that_says_nothing_any_more_is_silent_and_one_that_never_did_is_not(
    counter: Counter, database: Database, clock: Clock
) -> None:
    def silent() -> list[tuple[str, str | None]]:
        found = database.read(lambda connection: board.silent_gateways(connection, clock()))
        return [(alarm.about, alarm.store) for alarm in found]

    _report(database, clock)
    clock.pass_by(SILENT - timedelta(seconds=1))
    assert silent() == []
    clock.pass_by(timedelta(seconds=1))
    assert silent() == [(GATEWAY, "nanjing-lu")]
    _report(database, clock)
    assert silent() == []


def test_alarms_are_listed_while_they_last_and_for_a_week(counter: Counter, database: Database, clock: Clock) -> None:
    def listed() -> list[tuple[str, bool]]:
        rows: list[dict[str, Any]] = counter.api.get("/api/v1/alarms").raise_for_status().json()
        return [(row["about"], row["ended_at"] is None) for row in rows]

    _report(database, clock, _silent("till-1", clock))
    clock.pass_by(timedelta(minutes=1))
    _report(database, clock, _silent("till-2", clock))
    assert listed() == [("till-2", True), ("till-1", False)]
    clock.pass_by(timedelta(days=8))
    assert listed() == [("till-2", True)]


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_alarm_has_a_sentence_for_its_beginning_and_its_end(kind: AlarmKind, clock: Clock) -> None:
    said = Said(kind=kind, about="till-1", where="南京路店", since=clock(), number=3)
    sentences = {words.zh(said, None), words.zh(said, clock()), words.en(said, None), words.en(said, clock())}
    assert len(sentences) == 4
    assert all(sentence.startswith("南京路店") for sentence in sentences)
    assert not any("_" in sentence for sentence in sentences), "a word of ours is none for people"


def test_a_round_tells_of_this_machine_and_what_a_machine_that_is_gone_has_told_ends(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path
) -> None:
    webhook = _webhook(counter)
    authority = Authority.create(tmp_path / "ca", "test")
    bundle = certify_headoffice(authority, ["127.0.0.1"], tmp_path / "office")
    gone = Alarm(kind=AlarmKind.DISK_FULL, about="old-host", since=clock().timestamp(), number=2)
    _report(database, clock, gone, reporter="headoffice old-host")
    clock.at = datetime.now(UTC) + timedelta(days=365 * 5)

    async def rounds() -> None:
        with closing(Workers(1, 1)) as workers:
            here = Rounds(database, workers, clock, tmp_path, bundle.certificate)
            await here.round()
            await here.round()

    asyncio.run(rounds())
    (ends, of_gone) = sorted(_said(database, webhook)[1:], reverse=True)
    assert (ends[0], of_gone) == ("alarm.raised", ("alarm.ended", "old-host"))
    reporters = database.read(lambda connection: set(connection.execute(select(alarm_reporters.c.reporter)).scalars()))
    assert "headoffice old-host" not in reporters


def test_a_gateway_tells_by_the_door_and_of_its_own_stores_only(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with running(tmp_path, free_port(), free_port()) as office:
        for store in ("nanjing-lu", "jingan"):
            office.api("PUT", f"/api/v1/stores/{store}", {"name": store})
        office.api("PUT", f"/api/v1/gateways/{GATEWAY}", {"name": "n", "stores": ["nanjing-lu"]})
        bundle = certify_gateway(office.authority, GATEWAY, tmp_path / GATEWAY)
        settings = HeadOffice(
            url=f"https://127.0.0.1:{office.upstream}",
            certificate=str(bundle.certificate),
            key=str(bundle.key),
            authority=str(bundle.authority),
        )
        own, foreign = (
            Alarm(kind=AlarmKind.KIOSK_SILENT, about=about, store=store, since=1.8e9)
            for about, store in (("till-1", "nanjing-lu"), ("till-9", "jingan"))
        )

        async def tell(*alarms: Alarm) -> bool:
            upstream = Upstream(settings, lambda: None)
            upstream.start()
            try:
                return await upstream.tell_alarms(Report(alarms=alarms))
            finally:
                await upstream.close()

        def listed() -> list[tuple[str, bool]]:
            _, body = office.api("GET", "/api/v1/alarms")
            return [(row["about"], row["ended_at"] is None) for row in json.loads(body) if row["reporter"] == GATEWAY]

        assert asyncio.run(tell(own, foreign))
        assert listed() == [("till-1", True)]
        assert asyncio.run(tell())
        assert listed() == [("till-1", False)]


def test_the_command_says_what_is_wrong_and_ends_so(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "headoffice.toml"
    file.write_text('data = "-"\n[upstream]\ncertificate = "-"\nkey = "-"\nauthority = "-"\n')
    monkeypatch.setattr("cli.alarms.call", lambda _, method, path: counter.api.request(method, path).json())
    config = ["headoffice", "alarms", "--config", str(file)]
    assert CliRunner().invoke(app, config).exit_code == 0
    _report(database, clock, _silent("till-1", clock))
    found = CliRunner().invoke(app, config)
    assert found.exit_code == 1
    assert "kiosk_silent  南京路店: kiosk till-1 is silent" in found.stdout
    assert "核销机 till-1 没有响应" in CliRunner().invoke(app, [*config, "--zh"]).stdout
    _report(database, clock)
    assert CliRunner().invoke(app, config).stdout == ""
    over = CliRunner().invoke(app, [*config, "--ended"])
    assert over.exit_code == 0
    assert "till-1" in over.stdout
