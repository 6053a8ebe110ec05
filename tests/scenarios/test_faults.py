"""Cables are cut, parts killed, the power goes: the kiosk shows the truth in the end, and nothing is spent twice."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from protocol.vocabulary import Verdict
from tests.scenarios.answers import assert_says
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter, State

#: What the kiosk of a redemption that was broken off may come to say: the truth is one of these.
TRUTHS = {"redeemed", "aborted"}


def confirmed(counter: Counter, text: str) -> str:
    """Show a code at till-1, press OK and return the rid of what is pending then; nobody stands there any more."""
    kiosk = counter.kiosk()
    kiosk.press("ok")
    pending = kiosk.until_verdict("pending")
    assert pending["light"] == {"colour": "amber", "pattern": "pulse"}, text
    kiosk.clear()
    rid: str = pending["rid"]
    return rid


def offered(counter: Counter, **order: Any) -> str:
    """Issue a voucher and show it at till-1 until it is offered; return its code."""
    text: str = counter.issue(**order)["qr_text"]
    kiosk = counter.kiosk()
    kiosk.show(text)
    kiosk.until_verdict("redeemable")
    return text


def truth(state: State) -> bool:
    return state["verdict"] in TRUTHS


def test_power_is_cut_while_the_head_office_is_silent(counter: Counter) -> None:
    kiosk = counter.kiosk()
    text = offered(counter, title="断电也不怕")
    counter.link("gateway-headoffice", "stall")
    rid = confirmed(counter, text)
    kiosk.power("cut")
    assert kiosk.state() == {"screen": "off", "verdict": None}
    kiosk.power("restore")
    amber = kiosk.until_verdict("pending")
    assert amber["light"]["colour"] == "amber"
    assert amber["rid"] == rid
    counter.link("gateway-headoffice", "restore")
    state = kiosk.until(truth)
    assert state["light"]["colour"] != "green"
    rows = [row for row in counter.books()["headoffice"] if row["rid"] == rid]
    assert [row["verdict"] for row in rows] == [state["verdict"]]
    until(lambda: {row["verdict"] for rows in counter.rows(rid).values() for row in rows} == {state["verdict"]})
    kiosk.tidy()
    again = kiosk.looked(text)
    assert again["verdict"] == ("already_redeemed" if state["verdict"] == "redeemed" else "redeemable")


@pytest.mark.parametrize("part", ["gateway", "headoffice", "broker"])
def test_a_part_is_killed_while_a_redemption_is_under_way(counter: Counter, part: str) -> None:
    kiosk = counter.kiosk()
    text = offered(counter, title="换个零件")
    counter.link("gateway-headoffice", "stall")
    rid = confirmed(counter, text)
    counter.part(part, "kill")
    counter.part(part, "start")
    counter.link("gateway-headoffice", "restore")
    state = kiosk.until(truth, within_s=40)
    spent = [row for row in counter.books()["headoffice"] if row["rid"] == rid and row["verdict"] == "redeemed"]
    assert len(spent) == (1 if state["verdict"] == "redeemed" else 0)


def test_a_look_without_the_head_office_spends_nothing_and_says_so(counter: Counter) -> None:
    kiosk = counter.kiosk()
    text = counter.issue(title="平台不在")["qr_text"]
    counter.link("gateway-headoffice", "cut")
    refused = kiosk.looked(text)
    assert_says(refused, Verdict.UPSTREAM_UNAVAILABLE)
    counter.link("gateway-headoffice", "restore")
    kiosk.tidy()
    kiosk.take_away()
    assert kiosk.redeem(text)["light"]["colour"] == "green"


@pytest.mark.parametrize("how", ["broker", "kiosk-broker", "gateway-broker"])
def test_a_kiosk_without_its_gateway_says_so_and_comes_back(counter: Counter, how: str) -> None:
    kiosk = counter.kiosk()
    text = counter.issue(title="断网")["qr_text"]
    if how == "broker":
        counter.part("broker", "kill")
        kiosk.until(lambda state: state["link"] == "down")
    else:
        counter.link(how, "cut")
    refused = kiosk.looked(text)
    # A kiosk that is connected to the broker learns of a gateway's absence by its silence: of the look, where that ends
    # first, or of the greetings before.
    if how == "gateway-broker" and refused["link"] == "up":
        assert_says(refused, Verdict.UPSTREAM_UNAVAILABLE)
    else:
        assert_says(refused, Verdict.OFFLINE_REFUSED)
    kiosk.clear()
    if how == "broker":
        counter.part("broker", "start")
    else:
        counter.link(how, "restore")
    kiosk.until(lambda state: state["link"] == "up", within_s=40)
    counter.until_gateway_hears()
    kiosk.tidy()
    assert kiosk.redeem(text)["light"]["colour"] == "green"


def test_a_stalled_cable_delivers_late_and_once(counter: Counter) -> None:
    kiosk = counter.kiosk()
    offered(counter, title="慢一点", kind="multi_use", uses=3)
    counter.link("kiosk-broker", "stall")
    kiosk.press("ok")
    rid = kiosk.until_verdict("pending")["rid"]
    counter.link("kiosk-broker", "restore")
    green = kiosk.until_verdict("redeemed")
    assert green["light"]["colour"] == "green"
    assert any("剩余2次" in line for line in green["lines"])
    assert len(counter.rows(rid)["headoffice"]) == 1


def test_the_camera_can_be_used_while_the_kiosk_is_off(counter: Counter) -> None:
    kiosk = counter.kiosk()
    text = counter.issue(title="先放上去")["qr_text"]
    kiosk.power("cut")
    kiosk.show(text)
    assert counter.call("POST", f"{kiosk.path}/buttons/ok").status == 409
    kiosk.power("restore")
    assert kiosk.until_verdict("redeemable")["screen"] == "offer"


def test_parts_that_run_already_or_are_off_already_stay_so(counter: Counter) -> None:
    before = counter.good("GET", "/api/parts")
    counter.part("gateway", "start")
    counter.kiosk().power("restore")
    assert counter.good("GET", "/api/parts") == before
    for _ in range(2):
        counter.part("gateway", "kill")
        assert counter.good("GET", "/api/parts")["gateway"] is None
    said = counter.call("GET", "/api/stores")
    assert said.status == 404


def test_books_of_a_gateway_that_is_off_are_read_from_its_journal(counter: Counter) -> None:
    rid = counter.kiosk().redeem(counter.issue()["qr_text"])["rid"]
    before = counter.rows(rid)["gateway"]
    counter.part("gateway", "kill")
    (row,) = counter.rows(rid)["gateway"]
    for name in ("rid", "code_tail", "verdict", "store", "kiosk", "clerk"):
        assert row[name] == before[0][name]


def test_books_of_a_head_office_that_is_off_are_not_guessed(counter: Counter) -> None:
    counter.part("headoffice", "kill")
    said = counter.call("GET", "/api/books")
    assert said.status == 503
    assert "head office" in said.json["error"]


def test_a_revoked_kiosk_is_told_and_refused(counter: Counter) -> None:
    kiosk = counter.kiosk("till-3")
    config = counter.good("GET", "/api/rehearsal")["provision"]["config"]
    hexiao = [sys.executable, "-P", "-m", "cli.main", "provision", "--config", config]
    subprocess.run([*hexiao, "kiosk", "revoke", "till-3"], check=True, capture_output=True, timeout=60)
    shown = kiosk.until_verdict("device_revoked")
    assert_says(shown, Verdict.DEVICE_REVOKED)
    text = counter.issue(title="停用了")["qr_text"]
    kiosk.show(text)
    kiosk.press("ok")
    assert kiosk.state()["verdict"] == "device_revoked"
    assert all(row["code_tail"] != text[-4:] for row in counter.books()["gateway"])


def test_the_broker_refuses_a_kiosk_on_another_kiosks_topic(counter: Counter) -> None:
    rehearsal = counter.good("GET", "/api/rehearsal")
    kiosk = next(kiosk for kiosk in rehearsal["kiosks"] if kiosk["id"] == "till-2")
    broker = rehearsal["broker"]
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set(broker["ca"], kiosk["cert"], kiosk["key"])
    answers: dict[str, int] = {}
    topics: dict[int, str] = {}
    client.on_publish = lambda _client, _data, number, code, _properties: answers.update({topics[number]: code.value})
    client.connect(broker["host"], broker["port"])  # in place of the kiosk itself: one identity, one session
    client.loop_start()
    try:
        until(client.is_connected)
        for topic in ("hexiao/v1/till-1/request", "hexiao/v1/till-1/verdict", "hexiao/v1/till-2/verdict"):
            topics[client.publish(topic, b"{}", qos=1).mid] = topic
        until(lambda: len(answers) == 3)
        assert set(answers.values()) == {ReasonCode(PacketTypes.PUBACK, "Not authorized").value}
    finally:
        client.disconnect()
        client.loop_stop()
