"""The connectors of this head office, in the order in which a code is asked about."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import msgspec

from headoffice.platforms.ports import LONGEST_NAME, NoAnswerError
from headoffice.redemptions.rids import SEPARATOR, platform_of
from protocol.classify import classify
from protocol.ids import code_tail
from protocol.messages import Detail
from protocol.platform import CONSUME_S, QUERY_S, Case, Seen
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from headoffice.platforms.ports import Connector, Spent, Worth

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Named:
    """A connector, and what its platform is called in the configuration."""

    name: str
    connector: Connector


class Connectors:
    """Every platform that this head office can ask. What none of them answers in time is a NoAnswerError."""

    def __init__(self, named: Sequence[Named] = ()) -> None:
        """Keep them; an earlier one is asked first."""
        self._named = tuple(named)
        self._by_name = {one.name: one.connector for one in named}

    def recognises(self, code: str | None) -> bool:
        """Whether a code that is none of the chain's own may be a platform's."""
        return code is not None and classify(code).verdict is None and bool(self._candidates(code))

    def named(self, name: str) -> Connector | None:
        """Return the connector of a platform."""
        return self._by_name.get(name)

    async def start(self) -> None:
        """Make ready to call."""
        for one in self._named:
            await one.connector.start()

    async def worth(self, code: str) -> Worth | None:
        """Return what a code is worth, its voucher named with its platform; None where no platform has it.

        A platform that does not answer may have it, so then none behind it is asked.
        """
        try:
            async with asyncio.timeout(QUERY_S):
                for one in self._candidates(code):
                    found = await _asked(one.name, one.connector.query(code))
                    if found is not None and len(found.voucher) > LONGEST_NAME:
                        msg = f"the connector of {one.name} names a voucher in {len(found.voucher)} characters"
                        raise NoAnswerError(msg)
                    if found is not None:
                        return replace(found, voucher=f"{one.name}{SEPARATOR}{found.voucher}")
        except TimeoutError as error:
            raise NoAnswerError from error
        return None

    async def consume(self, case: Case, within_s: float) -> Verdict:
        """Send a case's consume, once, and wait for its answer for so long."""
        name = platform_of(case.voucher) or ""
        if (connector := self._by_name.get(name)) is None:
            msg = f"the platform {name} is not in the configuration any more"
            raise NoAnswerError(msg)
        return await self._in_time(name, connector.consume(case.intent.code or "", case.intent.quantity), within_s)

    async def record(self, case: Case) -> Spent | None:
        """Return what the platform's record says of a case's voucher."""
        name = platform_of(case.voucher) or ""
        connector = self._by_name.get(name)
        if connector is None:
            return None
        return await self._in_time(name, connector.record(case.intent.code or ""), CONSUME_S)

    async def close(self) -> None:
        """Hang up."""
        for one in self._named:
            await one.connector.close()

    def _candidates(self, code: str) -> list[Named]:
        return [one for one in self._named if one.connector.recognises(code)]

    @staticmethod
    async def _in_time(name: str, call: Coroutine[None, None, Result], within_s: float) -> Result:
        try:
            async with asyncio.timeout(within_s):
                return await _asked(name, call)
        except TimeoutError as error:
            raise NoAnswerError from error


async def _asked(name: str, call: Coroutine[None, None, Result]) -> Result:
    """Wait for a connector's call; whatever goes wrong in it, nothing is known."""
    try:
        return await call
    except (NoAnswerError, TimeoutError):
        raise
    except Exception as error:
        _log.exception("event=connector_failed platform=%s", name)
        msg = f"the connector of {name} has failed"
        raise NoAnswerError(msg) from error


def seen(worth: Worth | None, code: str | None, store: str, quantity: int) -> Seen:
    """Return a platform's word together with the chain's own rules: where a voucher is valid, and how often."""
    tail = code_tail(code) if code else None
    if worth is None:
        return Seen(verdict=Verdict.UNKNOWN_CODE, voucher="", detail=Detail(code_tail=tail))
    verdict = worth.verdict
    detail = Detail(
        title=worth.title,
        value=worth.value or None,
        platform=platform_of(worth.voucher),
        code_tail=tail,
        uses_left=worth.left if worth.uses > 1 else None,
    )
    if verdict is Verdict.REDEEMABLE and worth.stores is not None and store not in worth.stores:
        verdict, detail = Verdict.WRONG_STORE, msgspec.structs.replace(detail, stores=tuple(worth.stores.values()))
    elif verdict is Verdict.REDEEMABLE and quantity > worth.left:
        verdict = Verdict.NOT_ENOUGH_USES
    return Seen(verdict=verdict, voucher=worth.voucher, uses=worth.uses, detail=detail)
