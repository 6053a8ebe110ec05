"""How a gateway in a history asks the office: over a line that may be cut, with the marks of both, and what it uploads.

Where it finds out that its journal is an older copy it stops, until a technician has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.changes import Changes
from gateway.signet import Signet
from gateway.standing import HEAD_OFFICE, Heard, Standing
from protocol.upstream import AskHello, AskUpload, Met
from simulator.histories.group_commit import Disk, GroupCommit
from simulator.histories.net import Line, Question
from simulator.histories.party import Party

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.relay import Relay
    from protocol.upstream import UpstreamAnswer
    from simulator.histories.office import Asked, Office
    from simulator.histories.party import Stage

#: As the shipped gateway is configured: its patience with the head office, seconds.
PATIENCE_S = 5.0
#: How often the office is greeted: as shipped until it answers; then more often, because histories are short.
GREET_AGAIN_S, GREET_S = 1.0, 10.0
SOON_S = 0.001
#: Fewer than shipped, so that uploads can break off half-way.
UPLOADED_AT_ONCE = 2
#: How long it takes until a technician has come and says "restore", seconds.
RESTORED_S = (3.0, 15.0)


class Caller(Party):
    """The half of a gateway that the office knows: a journal, how far it has come, and the line between them."""

    greet_s = GREET_S

    def __init__(self, stage: Stage, name: str, office: Office, rate: float) -> None:
        """Keep the office, and the rate of its clock."""
        super().__init__(stage, name, rate)
        self._office = office
        self.upstream = Line(stage)
        self.disk = Disk()
        self.relays: dict[str, Relay] = {}
        """The requests of this run, by rid."""
        self._restoring = False
        self._signet = Signet(name.encode())

    def start(self) -> None:
        """Open the journal; nobody has shown yet how far it had come."""
        super().start()
        self.journal = GroupCommit(self)
        self.standing = Standing(self.name, self.journal, Changes(), self._signet)
        self.relays = {}
        self._restoring = False

    def put_back(self, older: Disk, down_s: float) -> None:
        """Put an older copy of the journal in its place, while the process is down."""
        self.crash(down_s)
        self.disk = older.copy()
        self.oracle.put_back(self.name, older.rows)

    def _restore(self) -> None:
        """Let a technician say that nothing newer is to be had: a generation begins."""
        self.world.tell(self.name, "-- restored --")
        self.disk.generation += 1
        self.crash(1.0)

    def _stop(self) -> None:
        """Wait for a technician, once it is known that the journal is an older copy."""
        if not self._restoring:
            self._restoring = True
            self.world.tell(self.name, "the journal is an older copy")
            self.after(self.world.random.uniform(*RESTORED_S), self._restore)

    def _ask_office(
        self, rid: str | None, ask: Asked, patience_s: float, hear: Callable[[UpstreamAnswer | None], None]
    ) -> None:
        if self.standing.stopped:
            self.after(SOON_S, hear, None)
            return
        self.oracle.serves(self.name, self.runs)
        run = self.runs
        stamped = self.standing.stamped(HEAD_OFFICE, ask)

        def end(answer: UpstreamAnswer | None) -> None:
            heard = Heard.NOTHING if answer is None else self._heard(answer, stamped.run)
            if heard is Heard.AGAIN:
                self._ask_office(rid, ask, patience_s, hear)
            else:
                self._hear_office(hear, answer if heard is Heard.COUNTS else None)

        question = Question(self.upstream, rid, lambda answer: self.do(run, end, (answer,)))
        self.upstream.carry(rid, self._office.arrive, self._office.runs, self.name, stamped, question)
        self.after(patience_s, question.give_up)

    def _hear_office(self, hear: Callable[[UpstreamAnswer | None], None], answer: UpstreamAnswer | None) -> None:
        hear(answer)

    def _heard(self, answer: UpstreamAnswer, asked: str) -> Heard:
        self._shown((answer.heard_gen, answer.heard_seq))
        heard = self.standing.hear_headoffice(answer, asked)
        if self.standing.stopped:
            self._stop()
        return heard

    def _shown(self, shown: tuple[int, int]) -> None:
        own = (self.disk.generation, self.disk.count)
        self.oracle.showed(self.name, self.runs, own, shown)

    # --- greetings and uploads ----------------------------------------------------------------------------------

    def _greet(self) -> None:
        self._ask_office(None, AskHello(), PATIENCE_S, self._met)

    def _met(self, answer: UpstreamAnswer | None) -> None:
        if isinstance(answer, Met) and answer.upload:
            self._upload(list(self.disk.rows), 0)
        else:
            self.after(GREET_AGAIN_S if answer is None else self.greet_s, self._greet)

    def _upload(self, rids: list[str], after: int) -> None:
        """Give the office its next few rids, until it has them all; broken off, it is begun anew."""
        part = rids[after : after + UPLOADED_AT_ONCE]
        last = after + UPLOADED_AT_ONCE >= len(rids)
        ask = AskUpload(entries=tuple(self.disk.entry(rid) for rid in part), last=last)

        def hear(answer: UpstreamAnswer | None) -> None:
            if isinstance(answer, Met) and not last:
                self._upload(rids, after + UPLOADED_AT_ONCE)
            else:
                self.after(GREET_AGAIN_S if answer is None else self.greet_s, self._greet)

        self._ask_office(None, ask, PATIENCE_S, hear)
