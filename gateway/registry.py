"""Kiosks, stores and clerks: who stands or works where, in memory for every request, on disk for every start.

A kiosk's store is said here and nowhere else; moving it is one change in one place. The lists of stores and clerks
are the head office's; what is kept of them serves while the head office cannot be reached.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from gateway.errors import RegistryError
from gateway.places import Clerk, Kiosk, KioskState, Store
from gateway.store import RegistryFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from gateway.places import Roster

log = logging.getLogger(__name__)

RowT = TypeVar("RowT", bound=msgspec.Struct)


class Registry:
    """Kiosks, stores, clerks. Look-ups are plain dictionaries; changes are on disk before their coroutine returns."""

    def __init__(self, path: Path) -> None:
        """Keep the path of the file; ``start`` reads it."""
        self._file = RegistryFile(path)
        self._kiosks: dict[str, Kiosk] = {}
        self._stores: dict[str, Store] = {}
        self._clerks: dict[str, Clerk] = {}
        self._badges: dict[str, Clerk] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="registry")

    def start(self) -> None:
        """Read the file; raise RegistryError where it cannot be used."""
        self._file.open()
        self._kiosks = {kiosk.id: kiosk for kiosk in _typed(self._file.kiosks(), Kiosk)}
        self._stores = {store.id: store for store in _typed(self._file.stores(), Store)}
        self._know(_typed(self._file.clerks(), Clerk))
        for store in self._stores.values():
            _warn_of_zone(store)

    def kiosk(self, identity: str) -> Kiosk | None:
        """Return the kiosk with this identity."""
        return self._kiosks.get(identity)

    def store(self, store_id: str) -> Store | None:
        """Return the store with this id, if this gateway may speak for it."""
        return self._stores.get(store_id)

    def clerk(self, number: str) -> Clerk | None:
        """Return the clerk with this number, if one of this gateway's stores is theirs."""
        return self._clerks.get(number)

    def clerk_with(self, badge: str) -> Clerk | None:
        """Return the clerk whose badge has this SHA-256, in hexadecimal."""
        return self._badges.get(badge)

    @property
    def kiosks(self) -> Sequence[Kiosk]:
        """Every kiosk, revoked ones too, in order of their identities."""
        return sorted(self._kiosks.values(), key=lambda kiosk: kiosk.id)

    @property
    def stores(self) -> Sequence[Store]:
        """Every store of this gateway, in order of their ids."""
        return sorted(self._stores.values(), key=lambda store: store.id)

    @property
    def clerks(self) -> Sequence[Clerk]:
        """Every clerk of this gateway's stores, in order of their numbers."""
        return sorted(self._clerks.values(), key=lambda clerk: (len(clerk.number), clerk.number))

    async def bind(self, identity: str, store_id: str, name: str) -> Kiosk:
        """Put a kiosk into a store, a new one or one from another store; raise RegistryError where that must not be."""
        known = self._kiosks.get(identity)
        if known is not None and known.state is KioskState.REVOKED:
            msg = f"{identity} is revoked, for good: enrol the device again under a new identity"
            raise RegistryError(msg)
        if store_id not in self._stores:
            msg = f"{store_id} is no store of this gateway; give it to the gateway at the head office first"
            raise RegistryError(msg)
        kiosk = Kiosk(id=identity, name=name, store=store_id, bound_at=_now())
        if known is not None and msgspec.structs.replace(kiosk, bound_at=known.bound_at) == known:
            return known
        await self._save(self._file.put_kiosk, msgspec.to_builtins(kiosk))
        self._kiosks[identity] = kiosk
        return kiosk

    async def revoke(self, identity: str) -> Kiosk:
        """Stop serving a kiosk, for good. It holds from this instant, even where the disk then fails."""
        known = self._kiosks.get(identity)
        if known is None:
            msg = f"{identity} is no kiosk of this gateway"
            raise RegistryError(msg)
        if known.state is KioskState.ACTIVE:
            known = msgspec.structs.replace(known, state=KioskState.REVOKED, bound_at=_now())
            self._kiosks[identity] = known
        await self._save(self._file.put_kiosk, msgspec.to_builtins(known))
        return known

    async def set_roster(self, roster: Roster) -> set[str]:
        """Take over the head office's lists; return the ids of stores that are new, gone, or changed in any way."""
        return await self._set_stores(roster.stores) | await self._set_clerks(roster.clerks)

    async def _set_stores(self, stores: Iterable[Store]) -> set[str]:
        fresh = {store.id: store for store in stores}
        changed = {key for key in fresh.keys() | self._stores.keys() if fresh.get(key) != self._stores.get(key)}
        if changed:
            self._stores = fresh
            for store in fresh.values():
                _warn_of_zone(store)
            await self._save(self._file.put_stores, [msgspec.to_builtins(store) for store in fresh.values()])
        return changed

    async def _set_clerks(self, clerks: Iterable[Clerk]) -> set[str]:
        fresh = {clerk.number: clerk for clerk in clerks}
        changed = {number for number in fresh.keys() | self._clerks.keys() if fresh.get(number) != self.clerk(number)}
        touched = [known for number in changed for known in (fresh.get(number), self.clerk(number)) if known]
        if changed:
            self._know(fresh.values())
            await self._save(self._file.put_clerks, [msgspec.to_builtins(clerk) for clerk in fresh.values()])
        return {store for clerk in touched for store in clerk.stores}

    def _know(self, clerks: Iterable[Clerk]) -> None:
        self._clerks = {clerk.number: clerk for clerk in clerks}
        self._badges = {clerk.badge: clerk for clerk in self._clerks.values()}

    async def close(self) -> None:
        """Finish what is being written and let the file go."""
        await asyncio.to_thread(self._thread.shutdown)
        self._file.close()

    async def _save(self, write: Callable[[Any], None], document: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, write, document)


def _typed(documents: Iterable[dict[str, Any]], kind: type[RowT]) -> list[RowT]:
    try:
        return [msgspec.convert(document, kind) for document in documents]
    except msgspec.ValidationError as error:
        msg = f"the registry holds a {kind.__name__.lower()} that is none ({error}); put a backup in its place"
        raise RegistryError(msg) from error


def _warn_of_zone(store: Store) -> None:
    if store.zone is UTC and store.timezone not in {"UTC", "Etc/UTC"}:
        log.error("timezone_unknown store=%s timezone=%s using=UTC install=tzdata", store.id, store.timezone)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
