"""The owner at work: every ask of a gateway, and the head office's own undo, carried out in one transaction each.

``protocol.owner`` decides (``protocol.platform`` where a platform owns the voucher), this module only holds the
transaction around it: the rid is looked up first, the voucher's row is held, the ruling is written, and what is
returned has been committed. The key of the rid and the key of the use are the tables' own, so also a mistake here
cannot spend a use twice.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, assert_never

from headoffice.platforms import cases, desk
from headoffice.platforms.desk import Ruled, pending
from headoffice.practice import ruling as practice
from headoffice.redemptions import (
    accepted,
    asking,
    duty,
    exchange,
    online,
    parcels,
    replaced,
    rids,
    standing,
    uploads,
    waiting,
)
from headoffice.redemptions.driving import drive
from headoffice.redemptions.keeping import Keeping
from headoffice.redemptions.rids import Record
from headoffice.redemptions.standing import OtherRunError, ShownBehindError
from headoffice.registry import ONLINE_STORE
from headoffice.staff import at_stores as staff
from headoffice.vouchers import bundles
from headoffice.vouchers.books import lock_voucher, store_for, voucher_by_code, voucher_with
from protocol import owner
from protocol.classify import classify, is_practice
from protocol.comparing import AskRecorded, TellDiffering
from protocol.duty import AskActivate, AskCode, AskStaff
from protocol.messages import Action, Answer, Detail, Intent, Method, Notice
from protocol.owner import Moment, Ruling
from protocol.upstream import (
    AskHello,
    AskLeased,
    AskLook,
    AskRedeem,
    AskResolve,
    AskSettled,
    AskUpload,
    Looked,
    UpstreamAnswer,
    UpstreamRequest,
)
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.platforms.cases import Done
    from headoffice.platforms.desk import Platforms
    from headoffice.platforms.ports import Worth
    from headoffice.redemptions.own_journal import OwnJournal
    from headoffice.redemptions.parcels import Recipient
    from headoffice.redemptions.standing import Peer
    from headoffice.vouchers.books import Store
    from protocol.owner import Known

_log = logging.getLogger(__name__)

#: The head office as a requester: undo by its API.
REQUESTER = "headoffice"
#: What an older copy of the books may say of a voucher though it is not so any more.
_MAY_BE_FORGOTTEN = frozenset({Verdict.REDEEMABLE, Verdict.UNKNOWN_CODE})


class Ledger:
    """Vouchers and what becomes of them. Every method may be called from any thread."""

    def __init__(  # noqa: PLR0913 - what it rules with, whom it tells, where it keeps
        self,
        database: Database,
        undo_window: timedelta,
        clock: Callable[[], datetime],
        platforms: Platforms | None = None,
        changed: Callable[[str], None] | None = None,
        *,
        own: OwnJournal | None = None,
    ) -> None:
        """Keep the parts; ``clock`` tells the time (with its offset), ``undo_window`` is counted from a redemption.

        ``changed`` is told the id of a voucher once something about it has been committed; ``own`` keeps what no
        gateway's journal holds.
        """
        self._database = database
        self._undo_window = undo_window
        self.undo_s = undo_window.total_seconds()
        """For so long after it a redemption can be undone."""
        self._clock = clock
        self._platforms = platforms
        self._changed = changed
        self._keeping = Keeping(database, own)

    def start(self) -> None:
        """Finish keeping what a process that died has begun to keep, before anything is answered."""
        self._keeping.start()

    def answer(self, gateway: str, ask: UpstreamRequest, worth: Worth | None = None) -> UpstreamAnswer:
        """Answer what a gateway asks; raise GatewayUnknownError, or DatabaseError after which it may be asked again.

        Where the gateway shows that these books are an older copy, they are stopped, and every answer says so.
        ``worth`` is what a platform says of the code in a look that ``is_for_a_platform``.
        """
        try:
            answer = self._answer(gateway, ask, worth)
        except OtherRunError as error:
            return error.peer.stamped(asking.notice(ask, str(error)))
        except ShownBehindError as error:
            behind, at = error, self._clock()
        else:
            if self._platforms is not None:
                self._platforms.heard(gateway, answer.run)
            return answer
        _log.error("event=books_behind %s do=hexiao_headoffice_restore", behind)
        self._database.write(lambda connection: standing.stop(connection, behind, at))
        return behind.peer.stamped(asking.notice(ask, standing.HINT))

    def is_for_a_platform(self, gateway: str, ask: AskLook) -> bool:
        """Whether a platform is to be asked before this look is answered: the code is none of the chain's own."""
        if self._platforms is None or not self._platforms.recognises(ask.code):
            return False

        def find(connection: Connection) -> bool:
            return store_for(connection, gateway, ask.store) is not None and voucher_with(connection, ask.code) is None

        return self._database.read(find)

    def undo(self, rid: str, undoes: str, reason: str | None, by: str | None = None) -> Answer | Notice | None:
        """Undo a redemption on the head office's own word, by the same rules; None where there is no such rid.

        ``by`` is who does it. Raises BehindError.
        """
        target = self._database.read(lambda connection: rids.known_under(connection, undoes))
        if target is None:
            return None
        intent = Intent(rid=rid, action=Action.UNDO, undoes=undoes, method=Method.API, clerk=by, reason=reason)
        ask = AskRedeem(requester=REQUESTER, store=target.store, intent=intent)
        at = self._clock()

        def rule(connection: Connection) -> Ruled:
            standing.require_current(connection)
            return self._rule(connection, None, ask, at)

        return self._keeping.undo(ask, at, rule)

    def redeem_on_page(self, rid: str, code: str, terms: int, to: Recipient | None = None) -> Answer | Notice:
        """Redeem one use for the customer whose page shows a voucher, by the same rules; raise BehindError.

        ``code`` is the voucher's own number, ``terms`` the version that the page has shown, ``to`` where what it is
        good for is to be sent by post. Repeated, a rid is answered as it was the first time.
        """
        intent = Intent(rid=rid, code=code, method=Method.WEB)
        requester = online.PAGE if to is None else online.BY_POST
        ask = AskRedeem(requester=requester, store=ONLINE_STORE, intent=intent, terms=terms)
        at = self._clock()

        def rule(connection: Connection) -> Ruled:
            standing.require_current(connection)
            online.open_store(connection)
            if (voucher := voucher_with(connection, code)) is not None:
                # What was uploaded without an end may have been shown as a success: that comes first.
                lock_voucher(connection, voucher)
                drive(connection, voucher, at)
            ruled = self._rule(connection, None, ask, at)
            if to is not None and ruled.recorded:
                parcels.order(connection, ruled.answer, to, at)
            return ruled

        answer = self._keeping.redeem(ask, at, rule)
        if self._changed is not None and isinstance(answer, Answer) and answer.voucher is not None:
            self._changed(answer.voucher)
        _log.info("event=redeemed_on_page rid=%s verdict=%s", rid, answer.verdict)
        return answer

    def _answer(self, gateway: str, ask: UpstreamRequest, worth: Worth | None) -> UpstreamAnswer:
        match ask:
            case AskLook():
                return self._look(gateway, ask, worth)
            case AskRedeem() | AskResolve():
                return self._decide(gateway, ask)
            case AskSettled():
                return self._settle(gateway, ask)
            case AskHello() | AskUpload() | AskLeased() | AskRecorded() | TellDiffering():
                return self._exchange(gateway, ask)
            case AskActivate() | AskStaff() | AskCode():
                return staff.answer(self._database, gateway, ask, self._clock())
            case _:
                assert_never(ask)

    def _look(self, gateway: str, ask: AskLook, worth: Worth | None) -> UpstreamAnswer:
        at = self._clock()

        def look(connection: Connection) -> tuple[Peer, Looked | Notice, bool]:
            peer = standing.meet(connection, gateway, ask)
            if peer.books.stopped:
                return peer, asking.notice(ask, standing.HINT), False
            store = store_for(connection, gateway, ask.store)
            if store is None:
                _log.warning("event=store_refused gateway=%s store=%s", gateway, ask.store)
                return peer, Looked(verdict=Verdict.WRONG_STORE), False
            moment = asking.moment(ask, store, at, gateway)
            if is_practice(ask.code):
                return peer, practice.look(connection, ask, store, moment), False
            if (objection := duty.objection(connection, store.id, ask.clerk)) is not None:
                return peer, Looked(verdict=objection), True
            voucher = None if classify(ask.code).verdict else voucher_by_code(connection, ask.code, store)
            if voucher is None and worth is not None:
                looked = desk.look(connection, ask, worth)
            else:
                looked = owner.rule_look(ask.code, voucher, moment, bundles.beside(connection, voucher, store, moment))
            if looked.verdict in _MAY_BE_FORGOTTEN and waiting.awaited(connection, peer, voucher):
                looked = Looked(verdict=Verdict.UPSTREAM_UNAVAILABLE, detail=Detail(code_tail=looked.detail.code_tail))
            looked = duty.held_back(looked, store)
            return peer, looked, looked.verdict is not Verdict.REDEEMABLE

        peer, looked, refused = self._database.read(look)
        if refused and isinstance(looked, Looked):
            self._database.write(lambda connection: rids.refuse(connection, gateway, ask, looked, at))
            if self._changed is not None and looked.voucher is not None:
                self._changed(looked.voucher)
        return peer.stamped(looked)

    def _decide(self, gateway: str, ask: AskRedeem | AskResolve) -> UpstreamAnswer:
        at = self._clock()

        def decide(connection: Connection) -> tuple[UpstreamAnswer, Done | None]:
            peer = standing.meet(connection, gateway, ask)
            if peer.books.stopped:
                return peer.stamped(asking.notice(ask, standing.HINT)), None
            if isinstance(ask, AskResolve):
                accepted.require_known(connection, peer, ask)
            if practice.concerns(connection, ask.intent):
                practised = practice.rule(connection, gateway, ask, at, self._undo_window)
                ruled = Ruled(practised.answer, practised.record)
            else:
                ruled = self._rule(connection, peer, ask, at)
            # In restored books an answer may also be that of a rid which was driven to its end for it, and counted.
            if ruled.recorded or peer.books.generation > 1:
                peer = standing.advance(connection, peer, by=int(ruled.recorded))
            return peer.stamped(ruled.answer), ruled.done

        answer, done = self._database.write(decide)
        if done is not None and self._platforms is not None:
            self._platforms.call(done)
        if self._changed is not None and isinstance(answer, Answer) and answer.voucher is not None:
            self._changed(answer.voucher)
        verdict = answer.verdict if isinstance(answer, Answer | Notice) else None
        _log.info("event=answered rid=%s store=%s verdict=%s", ask.intent.rid, ask.store, verdict)
        return answer

    def _rule(self, connection: Connection, peer: Peer | None, ask: AskRedeem | AskResolve, at: datetime) -> Ruled:
        """Rule on a rid and write it down."""
        gateway = None if peer is None else peer.id
        known = rids.known_under(connection, ask.intent.rid)
        if known is not None:
            if peer is not None and isinstance(ask, AskResolve):
                accepted.note_lost(connection, peer, ask, known, at)
            return Ruled(replaced.repeat(connection, gateway, ask, known).answer)
        filed = cases.find(connection, ask.intent.rid)
        if filed is not None:
            ask = replaced.as_begun(connection, gateway, ask, filed.case)
            return desk.take(connection, filed.gateway, filed, ask, at)
        store = store_for(connection, gateway, ask.store)
        if store is None:
            _log.warning("event=store_refused gateway=%s store=%s rid=%s", gateway, ask.store, ask.intent.rid)
            return Ruled(Notice(verdict=Verdict.FAULT, rid=ask.intent.rid, hint=asking.NOT_ITS_STORE))
        if peer is not None and self._is_a_platforms(connection, ask):
            if waiting.must_wait(connection, peer, ask, None):
                return Ruled(pending(ask))
            refusal = duty.refusal(connection, ask) or duty.not_live(ask, store)
            return desk.begin(connection, peer.id, ask, at, refusal)
        ask, store = accepted.at_home(connection, ask, store)
        moment = asking.moment(ask, store, at, gateway)
        if ask.intent.action is Action.UNDO:
            ruling, voucher = self._rule_undo(connection, peer, ask, moment)
        else:
            ruling, voucher = self._rule_redeem(connection, peer, ask, moment, store)
        if ruling.record:
            rids.record(connection, Record(gateway=gateway, ask=ask, ruling=ruling, voucher=voucher, at=at))
        return Ruled(ruling.answer, ruling.record)

    def _is_a_platforms(self, connection: Connection, ask: AskRedeem | AskResolve) -> bool:
        code = ask.intent.code
        if self._platforms is None or ask.intent.action is Action.UNDO or code is None:
            return False
        return self._platforms.recognises(code) and voucher_with(connection, code) is None

    def _rule_redeem(
        self, connection: Connection, peer: Peer | None, ask: AskRedeem | AskResolve, moment: Moment, store: Store
    ) -> tuple[Ruling, str | None]:
        code = ask.intent.code
        voucher = None
        if code is not None and not classify(code).verdict:
            voucher = voucher_by_code(connection, code, store, lock=True)
        if peer is not None and peer.books.generation > 1:
            # These books are younger than some journals: what they do not know may have happened all the same.
            if waiting.must_wait(connection, peer, ask, voucher):
                return Ruling(answer=pending(ask)), None
            held = voucher.id if voucher else uploads.held_voucher(connection, ask.intent.rid)
            if held is not None and drive(connection, held, moment.at, peer.id):
                known = rids.known_under(connection, ask.intent.rid)
                if known is not None:
                    return replaced.repeat(connection, peer.id, ask, known), None
                voucher = voucher_by_code(connection, code or "", store)
        if isinstance(ask, AskResolve) and ask.accepted is not None:
            return accepted.rule(connection, ask, voucher, moment), voucher.id if voucher else None
        refusal = duty.refusal(connection, ask) or duty.not_live(ask, store)
        refused = None if refusal is None else Ruling(answer=refusal, record=True)
        ruling = refused or owner.rule_redeem(ask, None, voucher, moment)
        return ruling, voucher.id if voucher else None

    def _rule_undo(
        self, connection: Connection, peer: Peer | None, ask: AskRedeem | AskResolve, moment: Moment
    ) -> tuple[Ruling, str | None]:
        if peer is not None and waiting.must_wait(connection, peer, ask, None):
            return Ruling(answer=pending(ask)), None
        target = self._target(connection, ask)
        if target is not None and target.voucher is not None:
            # Another undo of it may have been committed while this one waited for the voucher: read it again.
            lock_voucher(connection, target.voucher)
            if peer is not None and peer.books.generation > 1:
                drive(connection, target.voucher, moment.at, peer.id)
                if (known := rids.known_under(connection, ask.intent.rid)) is not None:
                    return replaced.repeat(connection, peer.id, ask, known), None
            target = self._target(connection, ask)
        return owner.rule_undo(ask, None, target, moment, self._undo_window), target.voucher if target else None

    @staticmethod
    def _target(connection: Connection, ask: AskRedeem | AskResolve) -> Known | None:
        """Return the redemption that an undo names."""
        return rids.known_under(connection, ask.intent.undoes) if ask.intent.undoes else None

    def _settle(self, gateway: str, ask: AskSettled) -> UpstreamAnswer:
        at = self._clock()

        def note(connection: Connection) -> UpstreamAnswer:
            peer = standing.meet(connection, gateway, ask)
            known = rids.known_under(connection, ask.rid)
            if known is None and (seen := practice.settle(connection, gateway, ask, at)) is not None:
                return peer.stamped(seen)
            if known is None or known.requester != replaced.as_begun(connection, gateway, ask, known).requester:
                return peer.stamped(asking.notice(ask, "no such redemption of this requester is recorded"))
            rids.settle(connection, ask.rid, at, handed_over=ask.handed_over)
            return peer.stamped(known.answer)

        return self._database.write(note)

    def _exchange(self, gateway: str, ask: exchange.Asked) -> UpstreamAnswer:
        at = self._clock()

        def meet(connection: Connection) -> UpstreamAnswer:
            peer = standing.meet(connection, gateway, ask)
            if peer.books.stopped:
                return peer.stamped(asking.notice(ask, standing.HINT))
            return exchange.answer(connection, peer, ask, at, self._platforms)

        return (self._database.read if isinstance(ask, exchange.READING) else self._database.write)(meet)
