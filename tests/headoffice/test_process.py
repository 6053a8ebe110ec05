"""The process with its two doors: real TLS, real HTTP, real signals."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest

from protocol import codec
from protocol.codec import LARGEST_MESSAGE
from protocol.messages import Answer, Intent, Notice
from protocol.pins import is_pin
from protocol.upstream import AskLook, AskRedeem, AskSettled, Looked, UpstreamAnswer
from protocol.vocabulary import Verdict
from provisioning.authority import Authority
from provisioning.verbs import certify_gateway
from tests.headoffice.counter import new_rid
from tests.headoffice.process import READY_S, Running, running, start, write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def office(folder: Path, free_port: Callable[[], int]) -> Iterator[Running]:
    with running(folder, free_port(), free_port()) as here:
        for store in ("nanjing-lu", "jingan"):
            here.api("PUT", f"/api/v1/stores/{store}", {"name": store})
            here.api("PUT", f"/api/v1/gateways/gw-{store}", {"name": store, "stores": [store]})
        yield here


@pytest.fixture(scope="module")
def gateway(folder: Path, office: Running) -> ssl.SSLContext:
    """Return the TLS of the gateway that speaks for nanjing-lu."""
    return _client(office.authority, folder, "gw-nanjing-lu")


def _client(authority: Authority, folder: Path, identity: str) -> ssl.SSLContext:
    bundle = certify_gateway(authority, identity, folder / identity)
    context = ssl.create_default_context(cafile=str(folder / "office" / "ca.pem"))
    context.load_cert_chain(bundle.certificate, bundle.key)
    return context


def _issue(office: Running, **wanted: object) -> str:
    status, body = office.api("POST", "/api/v1/vouchers", wanted)
    assert status == 201, body
    return str(json.loads(body)["code"])


def _answer(office: Running, gateway: ssl.SSLContext, ask: AskLook | AskRedeem | AskSettled) -> UpstreamAnswer:
    status, body = office.ask(gateway, ask)
    assert status == 200, body
    return codec.upstream_answer(body)


def test_a_gateway_looks_redeems_and_settles_over_mutual_tls(office: Running, gateway: ssl.SSLContext) -> None:
    code = _issue(office, title="拿铁")
    looked = _answer(office, gateway, AskLook(requester="till-1", store="nanjing-lu", code=code))
    assert isinstance(looked, Looked)
    assert looked.verdict is Verdict.REDEEMABLE

    intent = Intent(rid=new_rid(), code=code)
    ask = AskRedeem(requester="till-1", store="nanjing-lu", intent=intent, terms=looked.terms)
    redeemed = _answer(office, gateway, ask)
    assert isinstance(redeemed, Answer)
    assert (redeemed.verdict, redeemed.final) == (Verdict.REDEEMED, True)
    assert _answer(office, gateway, AskSettled(requester="till-1", rid=intent.rid)) == redeemed
    (row,) = (row for row in json.loads(office.api("GET", "/api/v1/books")[1]) if row["rid"] == intent.rid)
    assert (row["gateway"], row["kiosk"], row["code_tail"]) == ("gw-nanjing-lu", "till-1", code[-4:])


def test_a_gateway_hears_the_stores_that_it_speaks_for_and_their_clerks(
    office: Running, gateway: ssl.SSLContext
) -> None:
    office.api("PUT", "/api/v1/stores/elsewhere", {"name": "elsewhere"})
    office.api("POST", "/api/v1/clerks", {"name": "张三", "stores": ["elsewhere"]})
    both = {"name": "王小明", "stores": ["elsewhere", "nanjing-lu"]}
    made = json.loads(office.api("POST", "/api/v1/clerks", both)[1])
    status, body = office.stores(gateway)
    assert status == 200
    said = json.loads(body)
    assert is_pin(made["pin"], said["clerks"][0].pop("pin"))
    assert said == {
        "stores": [
            {
                "id": "nanjing-lu",
                "name": "nanjing-lu",
                "timezone": "Asia/Shanghai",
                "address": "",
                "clerk_required": False,
                "approve_from": None,
                "claim_qr": "",
                "clerk_each": False,
                "day_ends": "00:00:00",
                "testing": False,
                "undo_s": 900.0,
            }
        ],
        "clerks": [
            {
                "number": made["number"],
                "name": "王小明",
                "badge": hashlib.sha256(made["qr_text"].encode()).hexdigest(),
                "disabled": False,
                "manager": False,
                "stores": ["nanjing-lu"],
            }
        ],
    }


def test_without_a_certificate_there_is_no_handshake(office: Running, folder: Path) -> None:
    nobody = ssl.create_default_context(cafile=str(folder / "office" / "ca.pem"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        office.stores(nobody)


def test_a_certificate_of_another_authority_is_refused_at_the_handshake(
    office: Running, folder: Path, tmp_path: Path
) -> None:
    bundle = certify_gateway(Authority.create(tmp_path / "ca", "another"), "gw-nanjing-lu", tmp_path / "bundle")
    stranger = ssl.create_default_context(cafile=str(folder / "office" / "ca.pem"))
    stranger.load_cert_chain(bundle.certificate, bundle.key)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        office.stores(stranger)


def test_a_certificate_of_no_registered_gateway_is_forbidden_and_told_what_to_do(office: Running, folder: Path) -> None:
    kiosk = _client(office.authority, folder, "gw-unregistered")
    code = _issue(office)
    for status, body in (
        office.stores(kiosk),
        office.ask(kiosk, AskLook(requester="till-1", store="nanjing-lu", code=code)),
    ):
        assert status == 403
        assert b"hexiao provision gateway add gw-unregistered" in body


def test_a_gateway_that_speaks_for_a_store_that_is_not_its_changes_nothing(office: Running, folder: Path) -> None:
    liar = _client(office.authority, folder, "gw-jingan")
    code = _issue(office)
    books = office.api("GET", "/api/v1/books")
    looked = _answer(office, liar, AskLook(requester="till-1", store="nanjing-lu", code=code))
    assert isinstance(looked, Looked)
    assert looked.verdict is Verdict.WRONG_STORE
    ask = AskRedeem(requester="till-1", store="nanjing-lu", intent=Intent(rid=new_rid(), code=code), terms=1)
    refused = _answer(office, liar, ask)
    assert isinstance(refused, Notice)
    assert refused.verdict is Verdict.FAULT
    assert office.api("GET", "/api/v1/books") == books


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (b"\xff\xfe", 400),
        (b'{"type":"dance"}', 400),
        (b'{"type":"ask_look","requester":"till-1","store":"nanjing-lu"}', 400),
        (b'{"type":"ask_look","requester":"TILL 1","store":"nanjing-lu","code":"1"}', 400),
        (b'{"type":"ask_look","requester":"t","store":"nanjing-lu","code":"' + b"9" * 600 + b'"}', 400),
        (b" " * (LARGEST_MESSAGE + 1), 413),
    ],
)
def test_what_is_no_message_is_refused_in_words_and_changes_nothing(
    office: Running, gateway: ssl.SSLContext, payload: bytes, status: int
) -> None:
    books = office.api("GET", "/api/v1/books")
    answered, words = office.ask(gateway, payload)
    assert (answered, bool(words)) == (status, True)
    assert office.api("GET", "/api/v1/books") == books


def test_a_message_of_a_newer_version_is_answered_fault_with_what_to_update(
    office: Running, gateway: ssl.SSLContext
) -> None:
    look = AskLook(requester="till-1", store="nanjing-lu", code="1")
    newer = msgspec.json.encode({**msgspec.to_builtins(look), "v": 99})
    status, body = office.ask(gateway, newer)
    notice = codec.upstream_answer(body)
    assert status == 200
    assert isinstance(notice, Notice)
    assert notice.verdict is Verdict.FAULT
    assert "update" in (notice.hint or "")


def test_unknown_fields_are_ignored(office: Running, gateway: ssl.SSLContext) -> None:
    look = AskLook(requester="till-1", store="nanjing-lu", code=_issue(office))
    later = msgspec.json.encode({**msgspec.to_builtins(look), "weather": "fine"})
    status, body = office.ask(gateway, later)
    assert status == 200
    assert isinstance(codec.upstream_answer(body), Looked)


def test_the_public_door_has_no_way_for_gateways_and_the_gateways_door_none_for_people(
    office: Running, gateway: ssl.SSLContext
) -> None:
    assert office.api("POST", "/upstream/v1/ask", {})[0] == 404
    assert office.api("GET", "/healthz", token="")[0] == 200
    connection = office._upstream(gateway)
    connection.request("GET", "/api/v1/books", headers={"authorization": f"Bearer {office.token}"})
    assert connection.getresponse().status == 404
    connection.close()


def test_many_questions_go_over_one_connection(office: Running, gateway: ssl.SSLContext) -> None:
    connection = office._upstream(gateway)
    look = codec.encode(AskLook(requester="till-1", store="nanjing-lu", code=_issue(office)))
    for _ in range(20):
        connection.request("POST", "/upstream/v1/ask", look)
        answer = connection.getresponse()
        assert isinstance(codec.upstream_answer(answer.read()), Looked)
    connection.close()


def test_the_token_is_its_owners_alone(office: Running, folder: Path) -> None:
    assert office.token
    assert stat.S_IMODE((folder / "data" / "admin.token").stat().st_mode) == 0o600


def test_sigterm_ends_it_and_its_books_are_there_when_it_starts_again(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    ports = free_port(), free_port()
    with running(tmp_path, *ports) as first:
        first.api("PUT", "/api/v1/stores/nanjing-lu", {"name": "南京路店"})
        code = _issue(first)
        first.process.terminate()
        assert first.process.wait(READY_S) == 0
    with running(tmp_path, *ports) as second:
        assert second.token == first.token
        assert second.api("GET", f"/api/v1/vouchers/{code}")[0] == 200


def test_an_undo_whose_end_was_not_kept_before_it_died_is_kept_before_it_is_ready_again(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    ports, own = (free_port(), free_port()), tmp_path / "data" / "own.journal"
    with running(tmp_path, *ports) as first:
        first.api("PUT", "/api/v1/stores/nanjing-lu", {"name": "南京路店"})
        first.api("PUT", "/api/v1/gateways/gw-1", {"name": "1", "stores": ["nanjing-lu"]})
        intent = Intent(rid=new_rid(), code=_issue(first))
        gateway = _client(first.authority, tmp_path, "gw-1")
        _answer(first, gateway, AskRedeem(requester="till-1", store="nanjing-lu", intent=intent, terms=1))
        assert first.api("POST", f"/api/v1/redemptions/{intent.rid}/undo", {})[0] == 200
    lines = own.read_bytes().split(b"\n")
    begun, done = (line for line in lines if line)
    own.write_bytes(begun + b"\n")
    with running(tmp_path, *ports):
        assert own.read_bytes().split(b"\n")[-2] == done


def test_it_runs_on_either_database(tmp_path: Path, free_port: Callable[[], int], database_url: str) -> None:
    with running(tmp_path, free_port(), free_port(), database_url=database_url) as here:
        here.api("PUT", "/api/v1/stores/nanjing-lu", {"name": "南京路店"})
        here.api("PUT", "/api/v1/gateways/gw-1", {"name": "1", "stores": ["nanjing-lu"]})
        gateway = _client(here.authority, tmp_path, "gw-1")
        ask = AskRedeem(
            requester="till-1", store="nanjing-lu", intent=Intent(rid=new_rid(), code=_issue(here)), terms=1
        )
        answer = _answer(here, gateway, ask)
        assert isinstance(answer, Answer)
        assert answer.verdict is Verdict.REDEEMED


def test_a_taken_port_is_said_in_words(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert start(write_config(tmp_path, taken, free_port())).wait(READY_S) == 1
    assert f"127.0.0.1:{taken}: cannot be listened on" in (tmp_path / "headoffice.log").read_text()


def test_a_missing_certificate_is_named_with_the_command_that_makes_it(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    config = write_config(tmp_path, free_port(), free_port())
    (tmp_path / "office" / "cert.pem").unlink()
    assert start(config).wait(READY_S) == 1
    assert "hexiao provision headoffice cert" in (tmp_path / "headoffice.log").read_text()
