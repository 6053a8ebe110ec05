"""The owner at work: every ask of a gateway, and the head office's own undo, carried out in one transaction each.

``protocol.owner`` decides, this module only holds the transaction around it: the rid is looked up first, the voucher's
row is held, the ruling is written, and what is returned has been committed. The key of the rid and the key of the use
are the tables' own, so also a mistake here cannot spend a use twice.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, assert_never

from headoffice import rids
from headoffice.books import lock_voucher, store_for, voucher_by_code
from headoffice.rids import Entry
from protocol import owner
from protocol.classify import classify
from protocol.messages import (
    Action,
    Answer,
    AskLook,
    AskRedeem,
    AskResolve,
    AskSettled,
    Intent,
    Looked,
    Method,
    Notice,
    UpstreamAnswer,
    UpstreamRequest,
)
from protocol.owner import Moment, Ruling
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from headoffice.books import Store
    from headoffice.database import Database

_log = logging.getLogger(__name__)

#: The head office as a requester: undo by its API.
REQUESTER = "headoffice"
_NOT_ITS_STORE = "this gateway may not speak for the store; bind them with `hexiao provision store add`"


class Ledger:
    """The chain's own vouchers and what becomes of them. Every method may be called from any thread."""

    def __init__(self, database: Database, undo_window: timedelta, clock: Callable[[], datetime]) -> None:
        """Keep the database, how long a redemption can be undone, and what tells the time (with its offset)."""
        self._database = database
        self._undo_window = undo_window
        self._clock = clock

    def answer(self, gateway: str, ask: UpstreamRequest) -> UpstreamAnswer:
        """Answer what a gateway asks; raise GatewayUnknownError, or DatabaseError after which it may be asked again."""
        match ask:
            case AskLook():
                return self._look(gateway, ask)
            case AskRedeem() | AskResolve():
                return self._decide(gateway, ask)
            case AskSettled():
                return self._settle(gateway, ask)
            case _:
                assert_never(ask)

    def undo(self, rid: str, undoes: str, reason: str | None) -> Answer | Notice | None:
        """Undo a redemption on the head office's own word, by the same rules; None where there is no such rid."""
        target = self._database.read(lambda connection: rids.known_under(connection, undoes))
        if target is None:
            return None
        intent = Intent(rid=rid, action=Action.UNDO, undoes=undoes, method=Method.API, reason=reason)
        return self._decide(None, AskRedeem(requester=REQUESTER, store=target.store, intent=intent))

    def _look(self, gateway: str, ask: AskLook) -> Looked:
        at = self._clock()

        def look(connection: Connection) -> tuple[Store | None, Looked]:
            store = store_for(connection, gateway, ask.store)
            if store is None:
                return None, Looked(verdict=Verdict.WRONG_STORE)
            voucher = None if classify(ask.code).verdict else voucher_by_code(connection, ask.code, store)
            return store, owner.rule_look(ask.code, voucher, _moment(ask, store, at))

        store, looked = self._database.read(look)
        if store is None:
            _log.warning("event=store_refused gateway=%s store=%s", gateway, ask.store)
        elif looked.verdict is not Verdict.REDEEMABLE:
            self._database.write(lambda connection: rids.refuse(connection, gateway, ask, looked, at))
        return looked

    def _decide(self, gateway: str | None, ask: AskRedeem | AskResolve) -> Answer | Notice:
        at = self._clock()
        answer = self._database.write(lambda connection: self._rule(connection, gateway, ask, at))
        _log.info("event=answered rid=%s store=%s verdict=%s", ask.intent.rid, ask.store, answer.verdict)
        return answer

    def _rule(
        self, connection: Connection, gateway: str | None, ask: AskRedeem | AskResolve, at: datetime
    ) -> Answer | Notice:
        store = store_for(connection, gateway, ask.store)
        known = rids.known_under(connection, ask.intent.rid)
        if known is not None:
            return owner.repeat(ask, known).answer
        if store is None:
            _log.warning("event=store_refused gateway=%s store=%s rid=%s", gateway, ask.store, ask.intent.rid)
            return Notice(verdict=Verdict.FAULT, rid=ask.intent.rid, hint=_NOT_ITS_STORE)
        moment = _moment(ask, store, at)
        if ask.intent.action is Action.UNDO:
            ruling, voucher = self._rule_undo(connection, ask, moment)
        else:
            ruling, voucher = self._rule_redeem(connection, ask, moment, store)
        if ruling.record:
            rids.record(connection, Entry(gateway=gateway, ask=ask, ruling=ruling, voucher=voucher, at=at))
        return ruling.answer

    def _rule_redeem(
        self, connection: Connection, ask: AskRedeem | AskResolve, moment: Moment, store: Store
    ) -> tuple[Ruling, str | None]:
        code = ask.intent.code
        voucher = None
        if code is not None and not classify(code).verdict:
            voucher = voucher_by_code(connection, code, store, lock=True)
        return owner.rule_redeem(ask, None, voucher, moment), voucher.id if voucher else None

    def _rule_undo(
        self, connection: Connection, ask: AskRedeem | AskResolve, moment: Moment
    ) -> tuple[Ruling, str | None]:
        target = rids.known_under(connection, ask.intent.undoes) if ask.intent.undoes else None
        if target is not None and target.store != ask.store:
            target = None  # another store's redemption is none of this store's
        if target is not None and target.voucher is not None:
            # Another undo of it may have been committed while this one waited for the voucher: read it again.
            lock_voucher(connection, target.voucher)
            target = rids.known_under(connection, target.intent.rid)
        return owner.rule_undo(ask, None, target, moment, self._undo_window), target.voucher if target else None

    def _settle(self, gateway: str, ask: AskSettled) -> Answer | Notice:
        at = self._clock()

        def note(connection: Connection) -> Answer | Notice:
            store_for(connection, gateway, "")
            known = rids.known_under(connection, ask.rid)
            if known is None or known.requester != ask.requester:
                return Notice(
                    verdict=Verdict.FAULT, rid=ask.rid, hint="no such redemption of this requester is recorded"
                )
            rids.settle(connection, ask.rid, at, handed_over=ask.handed_over)
            return known.answer

        return self._database.write(note)


def _moment(ask: AskLook | AskRedeem | AskResolve, store: Store, at: datetime) -> Moment:
    return Moment(store=store.id, store_name=store.name, kiosk=ask.requester, at=at.astimezone(store.zone))
