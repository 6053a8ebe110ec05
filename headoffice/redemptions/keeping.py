"""When what the head office rules for itself gets into its own journal (rule 11), so that what fails stays undone.

A line and a commit cannot be one. What spends a use is kept before it is committed: whoever is told of it, the journal
has it. What gives one back is kept as begun before, and as done only once it is committed: a commit that fails gives
nothing back in books that are put back later. Who asked is told of neither before its line is on disk. From the books
gateways, pages and receivers of events learn of an undo from its commit on, so one that is begun alone may be known:
it is kept as done before anything else is, and when the next process starts.
"""

from __future__ import annotations

import logging
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from headoffice.errors import DatabaseError, HeadOfficeError
from headoffice.redemptions import rids
from headoffice.vouchers.books import lock_voucher, voucher_with
from protocol.messages import Answer
from protocol.upstream import AskRedeem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.platforms.desk import Ruled
    from headoffice.redemptions.own_journal import OwnJournal
    from protocol.messages import Notice
    from protocol.owner import Known

    Rule = Callable[[Connection], Ruled]

_log = logging.getLogger(__name__)


class Keeping:
    """The books and the journal beside them; ``own`` None: nothing is kept. Any thread may rule."""

    def __init__(self, database: Database, own: OwnJournal | None) -> None:
        """Keep the parts."""
        self._database = database
        self._own = own
        self._begun: dict[str, AskRedeem] | None = None
        """Undos that are kept as begun, and may be done; None: the journal was not read yet."""
        self._turn = Lock()

    def start(self) -> None:
        """Keep as done what an earlier process has only kept as begun; what cannot be, is before anything else is."""
        try:
            self._complete()
        except DatabaseError as error:
            _log.error("event=undos_in_doubt error=%s", error)

    def redeem(self, ask: AskRedeem, at: datetime, rule: Rule) -> Answer | Notice:
        """Rule in one transaction on what may spend a use, and keep it as the last before the commit.

        Raises what ``rule`` raises, and DatabaseError. Then the line is taken back, where it is certain that nothing
        was committed; where that cannot be found out it stands, since a use that may be spent is not spent again.
        """
        own, kept = self._own, False
        self._complete()

        def ruled_and_kept(connection: Connection) -> Answer | Notice:
            nonlocal kept
            ruled = rule(connection)
            if own is not None and ruled.recorded and isinstance(ruled.answer, Answer) and ruled.answer.final:
                kept = True  # a line that could not be synced may be on the disk all the same
                own.keep(ask, ruled.answer, at)
            return ruled.answer

        try:
            return self._database.write(ruled_and_kept)
        except HeadOfficeError:
            if own is not None and kept:
                self._take_back(own, ask, at)
            raise

    def undo(self, ask: AskRedeem, at: datetime, rule: Rule) -> Answer | Notice:
        """Rule in one transaction on what may give a use back, and keep it once that is committed.

        Raises what ``rule`` raises, and DatabaseError, also where it was committed and cannot be kept: asked again, it
        is kept before it is told.
        """
        own, begun = self._own, False
        self._complete()

        def ruled_and_begun(connection: Connection) -> tuple[Answer | Notice, Known | None]:
            nonlocal begun
            ruled = rule(connection)
            if own is not None and ruled.recorded:
                begun = True
                own.keep(ask, None, at)
            return ruled.answer, rids.known_under(connection, ask.intent.rid)

        try:
            answer, known = self._database.write(ruled_and_begun)
            if own is not None and known is not None and isinstance(answer, Answer):
                own.keep(ask, answer, known.at, known.voucher)
        except HeadOfficeError:
            if begun and self._begun is not None:
                self._begun[ask.intent.rid] = ask
            raise
        return answer

    def _complete(self) -> None:
        """Keep as done each undo that is begun alone and in the books; one that is not there has failed.

        Raises DatabaseError.
        """
        own = self._own
        if own is None:
            return
        with self._turn:
            if self._begun is None:
                self._begun = {
                    one.intent.rid: AskRedeem(requester=one.requester, store=one.store, intent=one.intent)
                    for one in own.begun()
                }
            for rid, ask in list(self._begun.items()):
                known = self._database.write(partial(_recorded, undo=ask))
                if known is not None:
                    own.keep(ask, known.answer, known.at, known.voucher)
                    _log.warning("event=undo_kept rid=%s", rid)
                del self._begun[rid]

    def _take_back(self, own: OwnJournal, ask: AskRedeem, at: datetime) -> None:
        """Keep that a rid has not ended, where it is not in the books.

        The voucher is held by whoever spends its use, until that is committed or can be no more: who holds it after
        that knows. And whoever asks again for this rid waits for it, so that the line of that one is the later.
        """

        def look(connection: Connection) -> None:
            voucher = voucher_with(connection, ask.intent.code or "")
            if voucher is not None:
                lock_voucher(connection, voucher)
            if rids.known_under(connection, ask.intent.rid) is None:
                own.keep(ask, None, at)

        try:
            self._database.write(look)
        except DatabaseError as error:
            _log.error("event=own_line_in_doubt rid=%s error=%s", ask.intent.rid, error)


def _recorded(connection: Connection, undo: AskRedeem) -> Known | None:
    """Return what is recorded of an undo; its voucher is held until that is committed, or can be no more."""
    target = rids.known_under(connection, undo.intent.undoes or "")
    if target is not None and target.voucher is not None:
        lock_voucher(connection, target.voucher)
    return rids.known_under(connection, undo.intent.rid)
