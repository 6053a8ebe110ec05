"""The work of a head office on its books: own vouchers, leases, cases at a platform, a stop and a restore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from headoffice.errors import NotAllowedError
from headoffice.platforms import cases
from headoffice.redemptions import leases, standing
from headoffice.redemptions.leases import Wish
from headoffice.redemptions.ledger import Ledger as Books
from headoffice.registry import put_gateway, put_store
from headoffice.tables.schema import gateways, redemptions, voucher_types, vouchers
from headoffice.tables.standing import uploaded_open
from headoffice.vouchers.issued import Order, issue, live
from headoffice.vouchers.life import Step
from headoffice.vouchers.signing import Signer, register_key
from headoffice.vouchers.types import PLAIN, put_type
from protocol import platform
from protocol.leasing import Accepted
from protocol.marks import Mark, stamped
from protocol.messages import Action, Answer, Intent, Method
from protocol.owner import intent_digest
from protocol.platform import Phase, Seen
from protocol.upstream import AskHello, AskRedeem, AskResolve, AskUpload, Entry
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from random import Random

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.vouchers.issued import Issued
    from simulator.powercuts.workload import Ledger

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
GATEWAY, AT_PLATFORM, STORE, KIOSK = "gw-1", "gw-platform", "s-1", "till-1"
PLACE = {"name": "S", "timezone": "Asia/Shanghai", "address": "", "phone": "", "hours": "", "clerk_policy": "none"}
_STEPS = 8
_SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
_TYPE, _SIGNED = "t", "signed"


def books_over(database: Database) -> Books:
    """Return the head office at work on a database."""
    return Books(database, timedelta(minutes=15), lambda: NOON)


def is_furnished(connection: Connection) -> bool:
    """Whether there is everything to work with; in books of an older version there is less."""
    return connection.execute(select(gateways.c.id).where(gateways.c.id == AT_PLATFORM)).first() is not None


def furnish(connection: Connection) -> None:
    """Put a store, two gateways, two types and a key into the books, where they are not there."""
    put_store(connection, STORE, PLACE)
    for gateway in (GATEWAY, AT_PLATFORM):
        put_gateway(connection, gateway, "G", [STORE])
    for made in {_TYPE, _SIGNED} - set(connection.execute(select(voucher_types.c.id)).scalars()):
        put_type(connection, made, {**PLAIN, "title": "T"}, None)
    register_key(connection, _SIGNER.public, NOON)


class Work:
    """One run of the head office, and what it has open."""

    def __init__(self, database: Database, ledger: Ledger, random: Random) -> None:
        """Begin with what the books hold."""
        self._database = database
        self._books = books_over(database)
        self._ledger = ledger
        self._random = random
        self._codes = self._column(
            select(vouchers.c.code).where(vouchers.c.type == _TYPE, vouchers.c.state == "active").order_by("code")
        )
        self._redeemed = self._column(
            select(redemptions.c.rid)
            .join(vouchers, vouchers.c.id == redemptions.c.voucher)
            .where(vouchers.c.type == _TYPE, redemptions.c.verdict == "redeemed", redemptions.c.undone_by.is_(None))
            .order_by("rid")
        )
        uploaded = select(vouchers.c.code, uploaded_open.c.rid).join(vouchers, vouchers.c.id == uploaded_open.c.voucher)
        rows = database.read(lambda connection: connection.execute(uploaded).all())
        self._under_way: dict[str, str] = {row.code: row.rid for row in rows}
        """Rids that were uploaded without an end, by the code of their voucher."""
        self._cases = {one.case.rid: one.case for one in database.read(cases.unfinished)}
        self._ledger.states.setdefault(f"marks of {AT_PLATFORM}", [0])

    def play(self) -> None:
        """Take some steps; where the run before was cut off in a restore, that first."""
        books = self._database.read(standing.books_of)
        if books.stopped:
            self._begin_generation()
        elif books.restoring:
            self._upload(())
        steps = [self._redeem, self._redeem, self._redeem, self._undo, self._issue, self._issue, self._withdraw]
        steps += [self._lease, self._begin_case, self._go_on, self._go_on, self._stop_and_restore]
        for _ in range(_STEPS):
            self._random.choice(steps)()

    # --- own vouchers -------------------------------------------------------------------------------------------------

    def _issue(self) -> Issued:
        code = f"{self._random.randrange(10**11):011}X"
        self._ledger.will(f"voucher {code}", "active")
        issued = self._database.write(lambda connection: issue(connection, Order(type=_TYPE, code=code), NOON))
        self._ledger.did(f"voucher {code}")
        self._codes.append(code)
        return issued

    def _withdraw(self) -> None:
        free = [code for code in self._codes if code not in self._under_way] or [self._issue().code]
        code = free[-1]
        self._codes.remove(code)
        self._ledger.will(f"voucher {code}", "withdrawn")
        try:
            self._database.write(lambda connection: live(connection, code, Step.WITHDRAW, NOON))
            self._ledger.did(f"voucher {code}")
        except NotAllowedError:
            self._ledger.states[f"voucher {code}"].pop()

    def _redeem(self) -> None:
        if not self._codes:
            self._issue()
        rid, code = self._new_id(), self._random.choice(self._codes)
        current = self._column(select(voucher_types.c.terms).where(voucher_types.c.id == _TYPE))[0]
        terms = 0 if self._random.random() < 0.2 else current  # noqa: PLR2004 - some are for terms that are over
        for verdict in ("aborted",) if terms == 0 else ("redeemed", "already_redeemed"):
            self._ledger.will(rid, verdict)
        keys = [rid]
        if code in self._under_way:  # which is driven to its end first
            driven = self._under_way.pop(code)
            self._ledger.will(f"open {driven}", None)
            self._ledger.will(driven, "redeemed")
            keys += [f"open {driven}", driven]
        said = self._books.answer(GATEWAY, _ask(Intent(rid=rid, code=code), terms))
        assert isinstance(said, Answer)  # noqa: S101 - nothing else is asked for
        self._ledger.states[rid] = [str(said.verdict)]
        self._ledger.did(*keys)
        if said.verdict is Verdict.REDEEMED:
            self._redeemed.append(rid)

    def _undo(self) -> None:
        if not self._redeemed:
            return self._redeem()
        target, rid = self._redeemed.pop(self._random.randrange(len(self._redeemed))), self._new_id()
        self._ledger.will(rid, "undone")
        self._ledger.will(target, "given back")
        self._books.answer(GATEWAY, _ask(Intent(rid=rid, action=Action.UNDO, undoes=target)))
        self._ledger.did(rid, target)
        return None

    # --- a lease ------------------------------------------------------------------------------------------------------

    def _lease(self) -> None:
        """Lease a signed voucher, bring in what was accepted under the lease, and end that."""
        issued = self._database.write(
            lambda connection: issue(connection, Order(type=_SIGNED, signer=_SIGNER), NOON),
        )
        self._ledger.will(f"voucher {issued.code}", "active")
        self._ledger.did(f"voucher {issued.code}")
        wish = Wish(type=_SIGNED, store=STORE, gateway=GATEWAY, until=NOON + timedelta(hours=1), most_uses=5)
        lease = self._database.write(lambda connection: leases.grant(connection, wish, NOON))
        self._ledger.will(f"lease {lease}", "runs")
        self._ledger.did(f"lease {lease}")
        rid = self._new_id()
        self._ledger.will(rid, "redeemed")
        accepted = Accepted(
            lease=lease, gateway=GATEWAY, voucher=issued.id, uses=(1,), elapsed_s=1.0, at=NOON.isoformat()
        )
        intent = Intent(rid=rid, code=issued.code, quantity=1)
        self._books.answer(GATEWAY, AskResolve(requester=KIOSK, store=STORE, intent=intent, accepted=accepted))
        self._ledger.did(rid)
        self._ledger.will(f"lease {lease}", "ended")
        if self._random.random() < 0.5:  # noqa: PLR2004 - either
            self._books.answer(GATEWAY, self._marked(AskHello(returned=(lease,))))
        else:
            self._database.write(lambda connection: leases.declare_lost(connection, lease, "Li Wei", "burnt", NOON))
        self._ledger.did(f"lease {lease}")

    # --- at a platform ------------------------------------------------------------------------------------------------

    def _begin_case(self) -> None:
        rid = self._new_id()
        ask = AskRedeem(requester=KIOSK, store=STORE, intent=Intent(rid=rid, code=f"WX-{rid}"))
        self._take(rid, platform.take(None, ask, NOON.timestamp()))

    def _go_on(self) -> None:
        """Go on with a case: the precheck, the attempt that leaves, one more, an answer, or a RESOLVE."""
        if not self._cases:
            return self._begin_case()
        rid = self._random.choice(sorted(self._cases))
        case = self._cases[rid]
        if case.phase is Phase.CLAIMED and not case.forgotten and self._random.random() < 0.3:  # noqa: PLR2004
            step = platform.take(case, AskResolve(requester=KIOSK, store=STORE, intent=case.intent), case.left_at)
        elif case.phase is Phase.CLAIMED:
            seen = Seen(verdict=Verdict.REDEEMABLE, voucher=f"wx/{rid}")
            step = platform.checked(case, seen, None, case.left_at, query=case.queries, took_s=0.1)
        elif case.attempts < 3 and self._random.random() < 0.5:  # noqa: PLR2004
            step = platform.tick(case, platform.due(case))
        else:
            step = platform.consumed(case, case.attempts, Verdict.REDEEMED)
        self._take(rid, step)
        return None

    def _take(self, rid: str, step: platform.Step) -> None:
        case, key, marks = step[0], f"case {rid}", f"marks of {AT_PLATFORM}"
        self._ledger.will(key, (str(case.phase), case.attempts))
        self._ledger.will(marks, int(str(self._ledger.states[marks][-1])) + 1)
        keys = [key, marks]
        if case.answer is not None:
            self._ledger.will(rid, str(case.answer.verdict))
            keys.append(rid)

        def carry_out(connection: Connection) -> None:
            cases.carry_out(connection, AT_PLATFORM, step, NOON)
            standing.count(connection, {AT_PLATFORM: 1})

        self._database.write(carry_out)
        self._ledger.did(*keys)
        self._cases[rid] = case
        if case.answer is not None:
            del self._cases[rid]

    # --- an older copy ------------------------------------------------------------------------------------------------

    def _stop_and_restore(self) -> None:
        """Hear from a gateway that these books are an older copy, restore them, and take its journal up."""
        lost, under_way = self._issue(), self._issue()
        self._ledger.will("stopped", self._ledger.states["generation"][-1])
        self._books.answer(GATEWAY, self._marked(AskHello(), ahead=100))
        self._ledger.did("stopped")
        entries = self._entry(lost, ended=True), self._entry(under_way, ended=False)
        self._begin_generation(entries)
        self._under_way[under_way.code] = entries[1].intent.rid

    def _begin_generation(self, entries: tuple[Entry, ...] = ()) -> None:
        self._ledger.will("generation", int(str(self._ledger.states["generation"][-1])) + 1)
        claimed = [f"case {rid}" for rid, case in self._cases.items() if case.phase is Phase.CLAIMED]
        for key in claimed:
            self._ledger.will(key, ("claimed", 1))
        self._database.write(lambda connection: standing.restore(connection, "Li Wei", NOON))
        self._ledger.did("generation", *claimed)
        self._cases = {one.case.rid: one.case for one in self._database.read(cases.unfinished)}
        self._upload(entries)

    def _upload(self, entries: tuple[Entry, ...]) -> None:
        """Take the journals of both gateways up; that of the first holds these."""
        generation = self._ledger.states["generation"][-1]
        for gateway, told in ((GATEWAY, entries), (AT_PLATFORM, ())):
            keys = [f"uploaded {gateway}"]
            self._ledger.will(keys[0], generation)
            for entry in told:
                rid = entry.intent.rid
                keys.append(rid if entry.answer is not None else f"open {rid}")
                self._ledger.will(keys[-1], "redeemed" if entry.answer is not None else "uploaded")
            self._books.answer(gateway, self._marked(AskUpload(entries=told, last=True)))
            self._ledger.did(*keys)

    def _entry(self, issued: Issued, *, ended: bool) -> Entry:
        intent = Intent(rid=self._new_id(), code=issued.code, method=Method.SCAN)
        answer = Answer(rid=intent.rid, verdict=Verdict.REDEEMED, final=True, voucher=issued.id, uses=(1,))
        return Entry(
            requester=KIOSK,
            store=STORE,
            at=NOON.isoformat(),
            intent=intent,
            digest=intent_digest(intent).hex(),
            voucher=issued.id,
            answer=answer if ended else None,
        )

    # --- small things -------------------------------------------------------------------------------------------------

    def _marked(self, ask: Any, ahead: int = 0) -> Any:  # noqa: ANN401 - any ask, and the same
        """Return an ask of a gateway that remembers so much more of the books than they hold."""
        seen = Mark(int(str(self._ledger.states["generation"][-1])), 0)
        held = self._column(select(gateways.c.seq).where(gateways.c.id == GATEWAY))[0]
        return stamped(ask, Mark(1, 1), Mark(seen.generation, held + ahead) if ahead else seen)

    def _column(self, query: Any) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's
        return self._database.read(lambda connection: list(connection.execute(query).scalars()))

    def _new_id(self) -> str:
        return self._random.randbytes(16).hex()


def _ask(intent: Intent, terms: int = 1) -> AskRedeem:
    return AskRedeem(requester=KIOSK, store=STORE, intent=intent, terms=terms)
