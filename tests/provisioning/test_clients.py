"""What the clients of gateway and head office send, and what they say when something is wrong."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from provisioning.certificates import certificate_pem, key_pem, new_key
from provisioning.clients import Door, GatewayClient, GatewayEntry, HeadOfficeClient, KioskEntry, Store, read_token
from provisioning.errors import ProvisioningError, RefusedError, ServiceError, UnreachableError
from tests.provisioning.services import TOKEN, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from provisioning.authority import Authority


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as here:
        yield here


@pytest.fixture
def gateway(service: Service) -> GatewayClient:
    return GatewayClient(Door("gateway", service.url, TOKEN))


@pytest.fixture
def office(service: Service) -> HeadOfficeClient:
    return HeadOfficeClient(Door("head office", service.url, TOKEN))


def test_kiosks_are_read_with_what_a_newer_gateway_adds_left_out(service: Service, gateway: GatewayClient) -> None:
    rows = [
        {"id": "till-1", "store": "s1", "name": "收银台", "state": "active", "online": True, "shoe_size": 43},
        {"id": "till-2", "store": "s1", "name": "", "state": "revoked", "online": None},
    ]
    service.answers["GET /api/kiosks"] = 200, {"kiosks": rows, "more": 1}
    assert gateway.kiosks() == [
        KioskEntry(id="till-1", store="s1", name="收银台", state="active", online=True),
        KioskEntry(id="till-2", store="s1", state="revoked"),
    ]
    assert [kiosk.revoked for kiosk in gateway.kiosks()] == [False, True]


def test_what_changes_something_is_sent_as_the_services_expect_it(
    service: Service, gateway: GatewayClient, office: HeadOfficeClient
) -> None:
    for call in ("PUT /api/kiosks/till-1", "POST /api/kiosks/till-1/revoke", "POST /api/stores/refresh"):
        service.answers[call] = 200, {}
    for call in ("PUT /api/v1/stores/s1", "PUT /api/v1/gateways/gw-1"):
        service.answers[call] = 200, {}
    gateway.put_kiosk("till-1", "s1", "收银台")
    gateway.revoke_kiosk("till-1")
    gateway.refresh_stores()
    office.put_store(Store(id="s1", name="南京路店"))
    office.put_gateway(GatewayEntry(id="gw-1", name="Gateway", stores=("s1",)))
    store = {
        "name": "南京路店",
        "timezone": "Asia/Shanghai",
        "address": "",
        "phone": "",
        "hours": "",
        "map": "",
        "clerk_policy": "none",
    }
    assert service.asked == [
        ("PUT /api/kiosks/till-1", {"store": "s1", "name": "收银台"}),
        ("POST /api/kiosks/till-1/revoke", None),
        ("POST /api/stores/refresh", None),
        ("PUT /api/v1/stores/s1", store),
        ("PUT /api/v1/gateways/gw-1", {"name": "Gateway", "stores": ["s1"]}),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "not_found", "hint": "there is no store s9"}, "there is no store s9"),
        ({"error": "s9 is no store of this gateway"}, "s9 is no store of this gateway"),
        ("a proxy's page", "a proxy's page"),
        ("", "Conflict"),
        ([1], "[1]"),
        ("x" * 10_000, "x" * 400),
    ],
)
def test_a_refusal_is_told_in_the_service_s_own_words(
    service: Service, gateway: GatewayClient, body: object, said: str
) -> None:
    service.answers["PUT /api/kiosks/till-1"] = 409, body
    with pytest.raises(RefusedError) as caught:
        gateway.put_kiosk("till-1", "s9", "")
    assert str(caught.value) == f"the gateway at {service.url} refused: {said} (409)"
    assert caught.value.status == 409


def test_a_wrong_token_is_said_to_be_one_and_not_shown(service: Service) -> None:
    with pytest.raises(RefusedError, match="does not accept this token") as caught:
        GatewayClient(Door("gateway", service.url, "s3cret")).kiosks()
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Door("gateway", service.url, "s3cret"))


def test_a_redirection_is_not_followed_with_the_token(service: Service, gateway: GatewayClient) -> None:
    service.answers["GET /api/kiosks"] = 302, ""
    with pytest.raises(RefusedError, match="302"):
        gateway.kiosks()


def test_an_answer_of_another_language_is_an_error(service: Service, gateway: GatewayClient) -> None:
    for body in ({"kiosks": 1}, "<html>", {"kiosks": [{"id": "till-1"}]}):
        service.answers["GET /api/kiosks"] = 200, body
        with pytest.raises(ServiceError, match="does not speak this version's language"):
            gateway.kiosks()


def test_nobody_at_the_address_is_said_so(free_port: Callable[[], int]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match=r"does not answer .*refused"):
        GatewayClient(Door("gateway", url, TOKEN)).kiosks()


def test_a_service_that_hangs_up_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def hang_up() -> None:
            door.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(UnreachableError, match="does not answer"):
            GatewayClient(Door("gateway", f"http://127.0.0.1:{door.getsockname()[1]}", TOKEN)).kiosks()
        thread.join()


def test_a_server_that_no_known_authority_vouches_for_is_refused(authority: Authority, tmp_path: Path) -> None:
    key = new_key()
    certificate = authority.issue_server(key.public_key(), ["localhost"])
    (tmp_path / "both.pem").write_bytes(certificate_pem(certificate) + key_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with socket.create_server(("127.0.0.1", 0)) as door:

        def shake_hands() -> None:
            with pytest.raises(ssl.SSLError), door.accept()[0] as plain:
                context.wrap_socket(plain, server_side=True).close()

        thread = threading.Thread(target=shake_hands)
        thread.start()
        with pytest.raises(UnreachableError, match="its certificate is not accepted"):
            HeadOfficeClient(Door("head office", f"https://localhost:{door.getsockname()[1]}", TOKEN)).stores()
        thread.join()


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://x", "http://", "http://x:port", "http://x/api"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ServiceError, match="is no address of a gateway"):
        GatewayClient(Door("gateway", url, TOKEN)).kiosks()


def test_the_token_is_what_stands_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    assert read_token(tmp_path / "token") == "abc"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"two\nlines"])
def test_a_file_without_a_token_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(ProvisioningError, match="holds no token"):
        read_token(tmp_path / "token")


def test_a_missing_token_file_says_who_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ProvisioningError, match="at its first start"):
        read_token(tmp_path / "token")
