"""A rehearsal's folder is furnished by provisioning's own functions, and stays usable for years."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from provisioning.authority import Authority
from provisioning.certificates import keep_or_make_key, load_certificate
from simulator import configurations, furnish
from simulator.configurations import PortPlan, headoffice_configuration
from simulator.counter import Counter
from simulator.layout import GATEWAY, HOST, Layout, kiosk_identities, store_of

if TYPE_CHECKING:
    from pathlib import Path

PORTS = PortPlan(
    counter=1,
    broker=2,
    headoffice=3,
    upstream=4,
    console=5,
    kiosk_broker=6,
    gateway_broker=7,
    gateway_headoffice=8,
    platform=9,
    headoffice_platform=10,
    headoffice_database=11,
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    furnish.write_certificates(layout, PORTS)
    return layout


def test_certificates_are_kept_while_they_are_young(layout: Layout) -> None:
    bundle = layout.certificates(layout.gateway)
    before = bundle.certificate.read_bytes()
    furnish.write_certificates(layout, PORTS)
    assert bundle.certificate.read_bytes() == before


def test_certificates_past_half_of_their_time_are_renewed_with_the_same_key(tmp_path: Path) -> None:
    layout, then = Layout(tmp_path), datetime.now(UTC) - timedelta(days=200)
    authority = Authority.create(layout.ca, "a rehearsal of last year", now=then)
    bundle = layout.certificates(layout.gateway)
    bundle.folder.mkdir(parents=True)
    key = keep_or_make_key(bundle.key)
    bundle.write(authority, authority.issue_gateway(key.public_key(), GATEWAY, now=then))
    assert bundle.due(datetime.now(UTC))
    furnish.write_certificates(layout, PORTS)
    assert not bundle.due(datetime.now(UTC))
    assert load_certificate(bundle.certificate).public_key() == key.public_key()


def test_the_kiosks_stand_in_both_stores_by_turns() -> None:
    assert [store_of(identity).id for identity in kiosk_identities(3)] == ["nanjing-lu", "jing-an", "nanjing-lu"]


def test_a_kiosk_runs_with_what_it_was_provisioned_with_but_for_its_hardware(layout: Layout) -> None:
    folder = layout.kiosk("till-1")
    folder.root.mkdir(parents=True)
    folder.provisioned.write_text(
        '[screen]\nlanguage = "en"\n[panel]\nadapter = "gpiozero"\n[panel.options]\nok = 12\n'
        '[oled]\nadapter = "luma"\n[oled.options]\ni2c_port = 3\n[gateway]\nhost = "broker.store"\nport = 8883\n',
        encoding="utf-8",
    )
    text = configurations.kiosk_configuration(folder, PORTS)
    told = tomllib.loads(text)
    assert told["screen"] == {"language": "en"}
    assert told["panel"] == {"adapter": "rehearsal", "options": {"ok": 12, "socket": str(folder.socket)}}
    assert told["oled"] == {"adapter": "rehearsal", "options": {"socket": str(folder.socket)}}
    assert told["gateway"] == {"host": HOST, "port": PORTS.kiosk_broker}


def test_paths_with_quotes_and_hanzi_stay_what_they_are(tmp_path: Path) -> None:
    layout = Layout(tmp_path / 'a "quoted" \\ 文件夹')
    told = tomllib.loads(configurations.gateway_configuration(layout, PORTS))
    assert told["data"] == str(layout.gateway)


@pytest.mark.parametrize(
    ("database", "written"),
    [
        ("postgresql+psycopg://me:pw@127.0.0.1:5433/books?x=1", "postgresql+psycopg://me:pw@127.0.0.1:11/books?x=1"),
        ("postgresql+psycopg://localhost:5433/books", "postgresql+psycopg://127.0.0.1:11/books"),
        ("postgresql+psycopg://db.example:5433/books", "postgresql+psycopg://db.example:5433/books"),
        ("postgresql+psycopg:///books?host=/run/postgresql", "postgresql+psycopg:///books?host=/run/postgresql"),
    ],
    ids=["here", "here by name", "elsewhere", "a socket"],
)
def test_a_database_on_this_machine_is_reached_through_a_link(layout: Layout, database: str, written: str) -> None:
    told = tomllib.loads(headoffice_configuration(layout, PORTS, database, platform=True))
    assert told["database_url"] == written
    assert told["platforms"][0]["options"]["url"].endswith(":10"), "and so is the platform"
    counter = Counter(layout, PORTS, 1, lambda _: None, database=database, platform=True)
    assert ("headoffice-database" in counter.links) is (written != database)
    assert "headoffice-platform" in counter.links
