"""Which kiosk stands where, over restarts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from gateway.errors import RegistryError
from gateway.places import KioskState, Roster, Store
from gateway.registry import Registry
from tests.gateway.shop import STORES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Registry]:
    """Open the registry in a folder."""
    registry = Registry(data / "registry.json")
    registry.start()
    try:
        yield registry
    finally:
        await registry.close()


async def test_what_was_bound_and_revoked_is_there_after_a_restart(data: Path) -> None:
    async with opened(data) as registry:
        await registry.set_roster(Roster(stores=STORES))
        await registry.bind("till-1", "nanjing-lu", "one")
        await registry.bind("till-2", "nanjing-lu", "two")
        await registry.bind("till-1", "pudong", "one")
        await registry.revoke("till-2")
    async with opened(data) as registry:
        first, second = registry.kiosks
        stores = registry.stores

    assert (first.id, first.store, first.state) == ("till-1", "pudong", KioskState.ACTIVE)
    assert (second.id, second.state) == ("till-2", KioskState.REVOKED)
    assert {store.id: store for store in stores} == {store.id: store for store in STORES}


async def test_a_revocation_survives_a_corrupt_file(data: Path) -> None:
    async with opened(data) as registry:
        await registry.set_roster(Roster(stores=STORES))
        await registry.bind("till-1", "nanjing-lu", "one")
        await registry.revoke("till-1")
    (data / "registry.json").write_bytes(b"\x00" * 100)
    async with opened(data) as registry:
        kiosk = registry.kiosk("till-1")

    assert kiosk is not None
    assert kiosk.state is KioskState.REVOKED


async def test_a_revoked_identity_is_not_bound_again(data: Path) -> None:
    async with opened(data) as registry:
        await registry.set_roster(Roster(stores=STORES))
        await registry.bind("till-1", "nanjing-lu", "one")
        await registry.revoke("till-1")
        with pytest.raises(RegistryError, match="revoked, for good"):
            await registry.bind("till-1", "nanjing-lu", "one")


async def test_a_store_of_somebody_else_takes_no_kiosk(data: Path) -> None:
    async with opened(data) as registry:
        await registry.set_roster(Roster(stores=STORES))
        with pytest.raises(RegistryError, match="no store of this gateway"):
            await registry.bind("till-1", "beijing", "one")
        with pytest.raises(RegistryError, match="no kiosk"):
            await registry.revoke("till-1")


async def test_a_revocation_holds_even_where_the_disk_fails(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(data) as registry:
        await registry.set_roster(Roster(stores=STORES))
        await registry.bind("till-1", "nanjing-lu", "one")

        def full(_: object, __: object) -> None:
            msg = "no space"
            raise RegistryError(msg)

        monkeypatch.setattr("gateway.store.AtomicJSONStorage.write", full)
        with pytest.raises(RegistryError, match="no space"):
            await registry.revoke("till-1")
        kiosk = registry.kiosk("till-1")
        with pytest.raises(RegistryError, match="no space"):
            await registry.bind("till-2", "nanjing-lu", "two")
        other = registry.kiosk("till-2")

    assert kiosk is not None
    assert kiosk.state is KioskState.REVOKED
    assert other is None


async def test_an_unchanged_list_of_stores_is_not_written_again(data: Path) -> None:
    async with opened(data) as registry:
        changed = await registry.set_roster(Roster(stores=STORES))
        written = (data / "registry.json").stat().st_mtime_ns
        same = await registry.set_roster(Roster(stores=STORES))
        still = (data / "registry.json").stat().st_mtime_ns
        fewer = await registry.set_roster(Roster(stores=STORES[:2]))

    assert changed == {"nanjing-lu", "pudong", "hongqiao"}
    assert same == set()
    assert still == written
    assert fewer == {"hongqiao"}


def test_an_unknown_time_zone_becomes_utc() -> None:
    assert Store(id="x", name="x", timezone="Mars/Olympus").zone is UTC
    assert Store(id="x", name="x", timezone="/etc/passwd").zone is UTC


async def test_a_document_that_is_no_kiosk_is_named(data: Path) -> None:
    (data / "registry.json").write_text('{"version":1,"tables":{"kiosks":{"1":{"id":"till-1","name":"one"}}}}')
    registry = Registry(data / "registry.json")
    with pytest.raises(RegistryError, match="store"):
        registry.start()
    await registry.close()
