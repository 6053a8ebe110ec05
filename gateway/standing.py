"""How far this gateway's journal has come, as its kiosks and the head office remember it (rule 11).

A gateway that is shown a higher number of its own than its journal holds works on an older copy. It takes nothing and
asks nothing from then on; a person runs ``hexiao gateway restore``, and it is started again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import msgspec

from gateway.changes import Changes, Topic
from protocol.marks import NEVER, mark_of, shown_in, stamped
from protocol.messages import Hello, Notice

if TYPE_CHECKING:
    from gateway.ports import Marks
    from gateway.signet import Signet
    from protocol.marks import AnyMessage, Mark
    from protocol.messages import KioskMessage
    from protocol.upstream import UpstreamAnswer

log = logging.getLogger(__name__)

#: The journal's name for the head office among those whose marks it keeps; no kiosk can have it.
HEAD_OFFICE = "@headoffice"
HINT = "gateway: journal is an older copy; run hexiao gateway restore"


@dataclass(frozen=True, slots=True)
class Behind:
    """Who showed this gateway that its journal is an older copy: how far it had come, and how far this one goes."""

    peer: str
    shown: Mark
    own: Mark


class Heard(Enum):
    """What an answer of the head office is worth."""

    COUNTS = auto()
    NOTHING = auto()
    AGAIN = auto()
    """It was refused, because it was asked of an earlier run of the books: the same may be asked at once."""


class Standing:
    """Stamps what leaves, and looks at the marks of what comes in."""

    def __init__(self, identity: str, journal: Marks, changes: Changes, signet: Signet) -> None:
        """Keep the gateway's own identity, its journal, and by what it knows its own marks again."""
        self.identity = identity
        self._journal = journal
        self._signet = signet
        self._sealed = (NEVER, signet.seal(NEVER))
        self._changes = changes
        self._run = ""
        """The run of the head office's books that is asked; nothing before the first answer."""
        self.behind: Behind | None = None
        """Set for good, once this run has found out that the journal is an older copy."""
        self.met = False
        """Whether anybody has shown this run how far the journal had come. Before that nothing new is written down:
        new rows could lift an older copy above what the others remember of it, and nobody would ever know."""

    @property
    def stopped(self) -> bool:
        """Whether this gateway may not go on, as this run or an earlier one has found out."""
        return self.behind is not None or self._journal.is_behind

    def is_own(self, requester: str) -> bool:
        """Whether it is this gateway's own counter: its page and tills ask under its identity, now or once."""
        return requester == self.identity or requester in self._journal.names

    def stamped(self, peer: str, message: AnyMessage) -> AnyMessage:
        """Return a message to this peer as it leaves; a kiosk gets the seal of the mark with it."""
        own = self._journal.mark
        heard = self._journal.heard_of(peer)
        if peer == HEAD_OFFICE:
            return stamped(message, own, heard, self._run)
        marked = stamped(message, own, heard)
        if own != self._sealed[0]:
            self._sealed = (own, self._signet.seal(own))
        return msgspec.structs.replace(marked, seal=self._sealed[1])

    def hear_kiosk(self, kiosk: str, message: KioskMessage) -> None:
        """Look at the marks of a kiosk's message; what it has seen of another gateway is none of ours.

        Nor is what this one has never shown: a kiosk must not be able to stop a gateway by what it has made up.
        """
        self._journal.heard(kiosk, mark_of(message))
        if not isinstance(message, Hello) or message.heard_of != self.identity:
            return
        shown = shown_in(message)
        if shown == NEVER or self._signet.has_sealed(shown, message.heard_seal):
            self._compare(kiosk, shown)
        else:
            log.warning("mark_not_ours kiosk=%s shown=%s/%s", kiosk, shown.generation, shown.sequence)

    def hear_headoffice(self, answer: UpstreamAnswer, asked: str) -> Heard:
        """Look at the marks of an answer of the head office; ``asked`` is the run that was asked.

        None counts where this gateway may not go on, none of a generation before the newest that was heard of, and none
        of a run before the one that is asked now: the books that said it may have been put back since, and have
        forgotten it. It is asked for again.
        """
        refused = asked not in {"", answer.run}
        if asked in {"", self._run} and (refused or not self._run):
            self._run = answer.run
        older = answer.gen < self._journal.heard_of(HEAD_OFFICE).generation
        late = answer.run != self._run or (older and not isinstance(answer, Notice))
        self._journal.heard(HEAD_OFFICE, mark_of(answer))
        self._compare(HEAD_OFFICE, shown_in(answer))
        if self.stopped or late:
            return Heard.NOTHING
        return Heard.AGAIN if refused else Heard.COUNTS

    def _compare(self, peer: str, shown: Mark) -> None:
        own = self._journal.mark
        self.met = True
        if self.behind is None and own.is_behind(shown):
            self.behind = Behind(peer, shown, own)
            self._journal.stop()
            log.error(
                "journal_behind own=%s/%s shown=%s/%s by=%s do=hexiao_gateway_restore",
                *(own.generation, own.sequence, shown.generation, shown.sequence, peer),
            )
            self._changes.tell(Topic.LINKS)
