"""The head office's connector to the rehearsal's platform of cards, of the class "queryable, irreversible"."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import msgspec

from headoffice.platforms.ports import Event, ForgedError, NoAnswerError, PlatformClass, Spent, Worth
from protocol.vocabulary import Verdict
from service.config import Section
from simulator.cards.book import Told, Word
from simulator.cards.server import SIGNATURE, signature

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Twelve digits, as WeChat's own card codes have; or letters behind ``CARD-``.
_SHAPE = re.compile(r"[0-9]{12}|CARD-[0-9A-Z-]{1,40}")
_VERDICTS = {
    Word.GOOD: Verdict.REDEEMABLE,
    Word.CONSUMED: Verdict.ALREADY_REDEEMED,
    Word.WITHDRAWN: Verdict.INVALIDATED,
    Word.UNKNOWN: Verdict.UNKNOWN_CODE,
    Word.FOREIGN: Verdict.WRONG_MERCHANT,
    Word.BLOCKED: Verdict.RISK_CONTROL,
}


class _Card(msgspec.Struct, frozen=True):
    word: Word
    card: str = ""
    title: str = ""
    value: str = ""
    uses: int = 1
    left: int = 0
    stores: dict[str, str] | None = None


class _Consumed(msgspec.Struct, frozen=True):
    word: Word


class _Record(msgspec.Struct, frozen=True):
    consumed: tuple[bool, ...] | None


_Answer = TypeVar("_Answer", _Card, _Consumed, _Record)


class RehearsalCards:
    """One call a method; connections are not kept, so that no library finds a reason to send anything twice."""

    kind = PlatformClass.QUERYABLE

    class Options(Section, frozen=True, kw_only=True):
        """Where the platform is, and the file with what calls are authorised by and events are signed with."""

        url: str
        secret_file: str

    def __init__(self, options: Options) -> None:
        """Keep the options."""
        self._url = options.url
        self._secret_file = Path(options.secret_file)
        self._secret = ""
        self._session: aiohttp.ClientSession | None = None

    def recognises(self, code: str) -> bool:
        """Whether a code has the shape of a card's."""
        return _SHAPE.fullmatch(code) is not None

    async def start(self) -> None:
        """Read the secret and make ready to call."""
        self._secret = self._secret_file.read_text(encoding="utf-8").strip()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))

    async def query(self, code: str) -> Worth | None:
        """Ask what a code is worth; the answer may come from a replica that is behind."""
        said = await self._call("/card/get", {"code": code}, _Card)
        if said.word is Word.UNKNOWN:
            return None
        verdict = _VERDICTS[said.word]
        if verdict is Verdict.ALREADY_REDEEMED and said.uses > 1:
            verdict = Verdict.USES_EXHAUSTED
        return Worth(
            voucher=said.card,
            verdict=verdict,
            title=said.title,
            value=said.value,
            uses=said.uses,
            left=said.left,
            stores=said.stores,
        )

    async def consume(self, code: str, quantity: int) -> Verdict:
        """Consume for good."""
        said = await self._call("/card/consume", {"code": code, "quantity": quantity}, _Consumed)
        return Verdict.REDEEMED if said.word is Word.GOOD else _VERDICTS[said.word]

    async def record(self, code: str) -> Spent | None:
        """Return by whom a card of one use was consumed."""
        said = await self._call("/card/record", {"code": code}, _Record)
        if said.consumed is None:
            return None
        if not said.consumed:
            return Spent.NOBODY
        return Spent.OURS if said.consumed[0] else Spent.OTHERS

    def event(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Event | None:
        """Read an event."""
        del query
        given = headers.get(SIGNATURE.lower(), "")
        if not hmac.compare_digest(given.encode(), signature(self._secret, body).encode()):
            msg = "the signature is not the platform's"
            raise ForgedError(msg)
        try:
            told = msgspec.json.decode(body, type=Told)
        except msgspec.DecodeError as error:
            msg = f"the event cannot be read: {error}"
            raise ForgedError(msg) from error
        return Event(voucher=told.card, ours=told.ours)

    async def close(self) -> None:
        """Hang up."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _call(self, path: str, body: dict[str, Any], kind: type[_Answer]) -> _Answer:
        if self._session is None:
            msg = "the connector has not been started"
            raise NoAnswerError(msg)
        headers = {"Authorization": f"Bearer {self._secret}"}
        try:
            async with self._session.post(
                self._url + path, data=msgspec.json.encode(body), headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError(str(error) or type(error).__name__) from error
        if answer.status != HTTPStatus.OK:
            msg = f"status {answer.status}"
            raise NoAnswerError(msg)
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as error:
            msg = f"the answer cannot be read: {error}"
            raise NoAnswerError(msg) from error
