"""The verbs: what they tell the services, in which order, what they write, and what they leave when something fails."""

from __future__ import annotations

import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from provisioning.broker import Broker
from provisioning.certificates import load_certificate, load_key, new_key
from provisioning.clients import Door, GatewayClient, HeadOfficeClient, Store
from provisioning.errors import AuthorityError, BrokerError, ProvisioningError, RefusedError, UnreachableError
from provisioning.mosquitto import BrokerSettings
from provisioning.verbs import (
    NewKiosk,
    add_gateway,
    add_kiosk,
    add_store,
    certify_headoffice,
    changed_store,
    keep_or_make_authority,
    rebind_kiosk,
    revoke_kiosk,
)
from tests.provisioning.services import TOKEN, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provisioning.authority import Authority

HOME = Path("/etc/hexiao/device")


@pytest.fixture
def service() -> Iterator[Service]:
    """Answer for gateway and head office alike, until a test says otherwise."""
    with Service() as here:
        here.answers = {
            "GET /api/kiosks": (200, {"kiosks": []}),
            "PUT /api/kiosks/till-1": (200, {}),
            "POST /api/kiosks/till-1/revoke": (200, {}),
            "POST /api/stores/refresh": (200, {}),
            "PUT /api/v1/stores/s2": (200, {}),
            "GET /api/v1/gateways": (200, [{"id": "gw-1", "name": "Gateway", "stores": ["s1"]}]),
            "PUT /api/v1/gateways/gw-1": (200, {}),
            "PUT /api/v1/gateways/gw-2": (200, {}),
        }
        yield here


@pytest.fixture
def gateway(service: Service) -> GatewayClient:
    return GatewayClient(Door("gateway", service.url, TOKEN))


@pytest.fixture
def office(service: Service) -> HeadOfficeClient:
    return HeadOfficeClient(Door("head office", service.url, TOKEN))


@pytest.fixture
def nobody(free_port: Callable[[], int]) -> GatewayClient:
    """Point at a gateway that does not run."""
    return GatewayClient(Door("gateway", f"http://127.0.0.1:{free_port()}", TOKEN))


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Broker:
    """Write a broker's folder that no broker runs on."""
    here = Broker(tmp_path / "broker")
    here.write(BrokerSettings(port=8883, gateways=("gw-1",)), authority)
    return here


def kiosk(identity: str = "till-1", **changed: Any) -> NewKiosk:
    values = {"store": "s1", "name": "收银台1", "broker_host": "192.168.1.10", "broker_port": 8883, "home": HOME}
    return NewKiosk(identity=identity, **{**values, **changed})


def test_an_authority_is_made_once(tmp_path: Path) -> None:
    first, made = keep_or_make_authority(tmp_path / "ca", "Test")
    second, made_again = keep_or_make_authority(tmp_path / "ca", "Test")
    assert (made, made_again) == (True, False)
    assert first.certificate == second.certificate


def test_a_new_kiosk_is_bound_and_gets_key_certificates_and_configuration(
    service: Service, gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    bundle = add_kiosk(kiosk(), authority, tmp_path / "till-1", gateway)
    assert service.asked[-1] == ("PUT /api/kiosks/till-1", {"store": "s1", "name": "收银台1"})
    assert bundle.key.stat().st_mode & 0o777 == 0o600
    certificate = load_certificate(bundle.certificate)
    assert certificate.public_key() == load_key(bundle.key).public_key()
    certificate.verify_directly_issued_by(authority.certificate)
    assert load_certificate(bundle.authority) == authority.certificate
    configuration = tomllib.loads((tmp_path / "till-1" / "kiosk.toml").read_text())
    assert configuration["identity"]["key"] == "/etc/hexiao/device/key.pem"
    assert configuration["gateway"] == {"host": "192.168.1.10", "port": 8883}
    assert "store" not in configuration


def test_what_the_technician_types_writes_no_configuration_of_its_own(
    gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    typed = kiosk(name='a\n[log]\nlevel = "DEBUG"', home=Path('/home"\n[log]\nlevel = "DEBUG"'))
    add_kiosk(typed, authority, tmp_path / "till-1", gateway)
    configuration = tomllib.loads((tmp_path / "till-1" / "kiosk.toml").read_text())
    assert configuration["log"]["level"] == "INFO"
    with pytest.raises(AuthorityError, match="neither a host's name nor an IP address"):
        add_kiosk(kiosk(broker_host='x"\n'), authority, tmp_path / "till-2", gateway)


def test_a_folder_keeps_the_rights_that_it_was_given(
    gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    out = tmp_path / "till-1"
    out.mkdir(mode=0o750)
    add_kiosk(kiosk(), authority, out, gateway)
    assert out.stat().st_mode & 0o777 == 0o750


def test_a_kiosk_added_again_keeps_key_and_configuration_and_gets_a_new_certificate(
    gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    out = tmp_path / "till-1"
    first = load_certificate(add_kiosk(kiosk(), authority, out, gateway).certificate)
    (out / "kiosk.toml").write_text("# the technician's own\n")
    second = load_certificate(add_kiosk(kiosk(), authority, out, gateway).certificate)
    assert first.serial_number != second.serial_number
    assert first.public_key() == second.public_key()
    assert (out / "kiosk.toml").read_text() == "# the technician's own\n"


def test_a_kiosk_added_again_without_a_name_keeps_the_one_it_has(
    service: Service, gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    service.answers["GET /api/kiosks"] = 200, {"kiosks": [{"id": "till-1", "store": "s1", "name": "收银台1"}]}
    add_kiosk(kiosk(name=""), authority, tmp_path / "till-1", gateway)
    assert service.asked[-1] == ("PUT /api/kiosks/till-1", {"store": "s1", "name": "收银台1"})


def test_a_kiosk_whose_key_stays_with_it_gets_a_certificate_for_that_key(
    gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    key = new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    (tmp_path / "csr").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    bundle = add_kiosk(kiosk(request=tmp_path / "csr"), authority, tmp_path / "till-1", gateway)
    first = load_certificate(bundle.certificate)
    assert first.public_key() == key.public_key()
    add_kiosk(kiosk(), authority, tmp_path / "till-1", gateway)  # a renewal needs no request
    second = load_certificate(bundle.certificate)
    assert second.public_key() == key.public_key()
    assert second.serial_number != first.serial_number
    assert not bundle.key.exists()


def test_a_kiosk_that_the_gateway_refuses_gets_no_certificate(
    service: Service, gateway: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    service.answers["PUT /api/kiosks/till-1"] = 409, {"error": "s1 is no store of this gateway"}
    with pytest.raises(RefusedError, match="s1 is no store of this gateway"):
        add_kiosk(kiosk(), authority, tmp_path / "till-1", gateway)
    assert not (tmp_path / "till-1" / "cert.pem").exists()


def test_a_kiosk_is_not_added_while_the_gateway_does_not_answer(
    nobody: GatewayClient, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(UnreachableError):
        add_kiosk(kiosk(), authority, tmp_path / "till-1", nobody)
    assert not (tmp_path / "till-1" / "cert.pem").exists()


def test_a_name_denied_at_the_broker_is_not_given_again(
    service: Service, gateway: GatewayClient, authority: Authority, broker: Broker, tmp_path: Path
) -> None:
    broker.revoke("till-1")
    with pytest.raises(BrokerError, match="for good"):
        add_kiosk(kiosk(), authority, tmp_path / "till-1", gateway, broker)
    assert service.asked == []


def test_a_kiosk_is_revoked_in_the_registry_and_at_the_broker(
    service: Service, gateway: GatewayClient, broker: Broker
) -> None:
    revoke_kiosk("till-1", gateway, broker)
    assert service.asked == [("POST /api/kiosks/till-1/revoke", None)]
    assert broker.settings().revoked == ("till-1",)
    assert "topic deny hexiao/v1/till-1/request" in (broker.folder / "acl").read_text()


def test_the_broker_denies_a_kiosk_also_while_the_gateway_does_not_answer(
    nobody: GatewayClient, broker: Broker
) -> None:
    with pytest.raises(ProvisioningError, match=r"NOT revoked in the registry.*The broker denies it.*command again"):
        revoke_kiosk("till-1", nobody, broker)
    assert broker.settings().revoked == ("till-1",)


def test_a_kiosk_is_revoked_in_the_registry_also_where_the_broker_s_folder_is_lost(
    service: Service, gateway: GatewayClient, broker: Broker
) -> None:
    shutil.rmtree(broker.folder)
    with pytest.raises(ProvisioningError, match=r"till-1 is revoked\. The broker does NOT deny it"):
        revoke_kiosk("till-1", gateway, broker)
    assert service.asked == [("POST /api/kiosks/till-1/revoke", None)]


def test_a_kiosk_moves_with_its_name(service: Service, gateway: GatewayClient) -> None:
    service.answers["GET /api/kiosks"] = 200, {"kiosks": [{"id": "till-1", "store": "s1", "name": "收银台1"}]}
    assert rebind_kiosk(gateway, "till-1", "s2").store == "s1"
    assert service.asked[-1] == ("PUT /api/kiosks/till-1", {"store": "s2", "name": "收银台1"})
    rebind_kiosk(gateway, "till-1", "s2", "门口")
    assert service.asked[-1] == ("PUT /api/kiosks/till-1", {"store": "s2", "name": "门口"})


def test_only_a_kiosk_that_is_in_service_moves(service: Service, gateway: GatewayClient) -> None:
    with pytest.raises(ProvisioningError, match="knows no kiosk till-1"):
        rebind_kiosk(gateway, "till-1", "s2")
    service.answers["GET /api/kiosks"] = 200, {"kiosks": [{"id": "till-1", "store": "s1", "state": "revoked"}]}
    with pytest.raises(ProvisioningError, match="for good"):
        rebind_kiosk(gateway, "till-1", "s2")


def test_a_store_is_added_to_those_its_gateway_has(
    service: Service, office: HeadOfficeClient, gateway: GatewayClient
) -> None:
    add_store(Store(id="s2", name="人民广场店"), office, "gw-1", gateway)
    assert [call for call, _ in service.asked] == [
        "PUT /api/v1/stores/s2",
        "GET /api/v1/gateways",
        "PUT /api/v1/gateways/gw-1",
        "POST /api/stores/refresh",
    ]
    assert service.asked[2][1] == {"name": "Gateway", "stores": ["s1", "s2"]}


def test_a_store_added_again_leaves_its_gateway_as_it_is(
    service: Service, office: HeadOfficeClient, gateway: GatewayClient
) -> None:
    service.answers["GET /api/v1/gateways"] = 200, [{"id": "gw-1", "name": "Gateway", "stores": ["s2"]}]
    add_store(Store(id="s2", name="人民广场店"), office, "gw-1", gateway)
    assert "PUT /api/v1/gateways/gw-1" not in [call for call, _ in service.asked]


def test_a_store_keeps_what_is_not_said_of_it(service: Service, office: HeadOfficeClient) -> None:
    known = {"id": "s1", "name": "南京路店", "phone": "021", "clerk_policy": "shift", "timezone": "Asia/Shanghai"}
    service.answers["GET /api/v1/stores"] = 200, [known]
    store = changed_store(office, "s1", {"name": "南京东路店"})
    assert (store.name, store.phone, store.clerk_policy) == ("南京东路店", "021", "shift")
    assert changed_store(office, "s2", {"name": "新店"}) == Store(id="s2", name="新店")


def test_a_new_gateway_speaks_for_no_store_and_a_known_one_keeps_its_own(
    service: Service, office: HeadOfficeClient, authority: Authority, tmp_path: Path
) -> None:
    add_gateway(authority, "gw-2", "", tmp_path / "gw-2", office)
    assert service.asked[-1] == ("PUT /api/v1/gateways/gw-2", {"name": "gw-2", "stores": []})
    bundle = add_gateway(authority, "gw-1", "", tmp_path / "gw-1", office)
    assert service.asked[-1] == ("PUT /api/v1/gateways/gw-1", {"name": "Gateway", "stores": ["s1"]})
    assert load_certificate(bundle.certificate).subject.rfc4514_string() == "CN=gw-1"


def test_a_bundle_says_when_it_is_time_to_renew_it(authority: Authority, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    bundle = certify_headoffice(authority, ["office.example"], tmp_path / "office")
    assert not bundle.due(now + timedelta(days=182))
    assert bundle.due(now + timedelta(days=183))
    assert bundle.valid_until == f"{now + timedelta(days=365):%Y-%m-%d}"
    bundle.certificate.unlink()
    assert bundle.due(now)
