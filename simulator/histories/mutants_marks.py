"""Rule 11 broken on purpose: who works on an older copy goes on, and restored books forget what they cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.standing import Heard, Standing
from protocol import owner, relay
from protocol.marks import Mark
from protocol.upstream import AskRedeem, AskResolve, Met
from protocol.values import replace
from simulator.histories.group_commit import Disk
from simulator.histories.ledger import Ledger
from simulator.histories.mutant import broken
from simulator.histories.office import Office

if TYPE_CHECKING:
    from protocol.owner import Ruling, Voucher
    from protocol.upstream import AskUpload, Entry, UpstreamAnswer
    from simulator.histories.books import Peer
    from simulator.histories.mutant import Whatever


def _never_behind(_: Whatever) -> Whatever:
    return lambda _own, _shown: False


def _only_met(_: Whatever) -> Whatever:
    def mutant(self: Standing, peer: str, shown: Mark) -> None:
        del peer, shown
        self.met = True

    return mutant


def _tombstones(_: Whatever) -> Whatever:
    """End what is not known, as if everything were."""

    def mutant(
        ask: AskRedeem | AskResolve, voucher: Voucher | None, *, missing: bool, missing_of_voucher: bool
    ) -> bool:
        del voucher, missing
        return missing_of_voucher and isinstance(ask, AskRedeem)

    return mutant


def _redeems(_: Whatever) -> Whatever:
    """Redeem what is free in the older copy, as if nobody could have spent it since."""

    def mutant(
        ask: AskRedeem | AskResolve, voucher: Voucher | None, *, missing: bool, missing_of_voucher: bool
    ) -> bool:
        del voucher, missing_of_voucher
        return missing and isinstance(ask, AskResolve)

    return mutant


def _ends_what_came_open(_: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, voucher: Voucher | None, moment: owner.Moment) -> Ruling:
        resolve = AskResolve(requester=ask.requester, store=ask.store, intent=ask.intent, reason="not begun")
        return owner.rule_redeem(resolve, None, voucher, moment)

    return mutant


def _told_before_written(heard: Whatever) -> Whatever:
    def mutant(*args: object) -> relay.Step:
        row, effects = heard(*args)
        lazy = [replace(effect, durable=False) if isinstance(effect, relay.Write) else effect for effect in effects]
        return row, lazy

    return mutant


def _first_part_is_all(take_up: Whatever) -> Whatever:
    def mutant(self: Office, peer: Peer, ask: AskUpload) -> Met:
        met: Met = take_up(self, peer, ask)
        peer.uploaded = self.disk.generation
        return met

    return mutant


def _same_generation(begin: Whatever) -> Whatever:
    def mutant(self: Ledger) -> None:
        begin(self)
        self.disk.generation -= 1

    return mutant


def _forgets_uses(entry: Whatever) -> Whatever:
    """Upload what was said without what it has spent."""

    def mutant(self: Disk, rid: str) -> Entry:
        kept: Entry = entry(self, rid)
        if kept.answer is None:
            return kept
        return type(kept)(
            requester=kept.requester,
            store=kept.store,
            at=kept.at,
            intent=kept.intent,
            digest=kept.digest,
            answer=type(kept.answer)(rid=kept.answer.rid, verdict=kept.answer.verdict, final=kept.answer.final),
        )

    return mutant


def _any_run_counts(hear: Whatever) -> Whatever:
    """Take an answer of the books that were asked, though others are asked by now."""

    def mutant(self: Standing, answer: UpstreamAnswer, asked: str) -> Heard:
        if asked == answer.run:
            asked, answer = self._run, replace(answer, run=self._run)
        heard: Heard = hear(self, answer, asked)
        return heard

    return mutant


MARKS = (
    broken("whoever is behind goes on", 11, (Mark, "is_behind", _never_behind)),
    broken("a gateway that is behind goes on", 11, (Standing, "_compare", _only_met)),
    broken("an answer of books that are gone counts", 11, (Standing, "hear_headoffice", _any_run_counts)),
    broken("a tombstone is written by a restored head office", 11, (owner, "must_wait", _tombstones)),
    broken("a restored head office redeems before the journals are there", 11, (owner, "must_wait", _redeems)),
    broken(
        "what was uploaded open is ended though somebody may have been told",
        11,
        (owner, "rule_driven", _ends_what_came_open),
        (relay, "heard", _told_before_written),
    ),
    broken("an answer is told before the gateway has it on disk", 11, (relay, "heard", _told_before_written)),
    broken("a part of a journal is taken for all of it", 11, (Office, "_take_up", _first_part_is_all)),
    broken("restore begins no generation", 11, (Ledger, "_begin_generation", _same_generation)),
    broken("what is uploaded does not say which uses it has spent", 11, (Disk, "entry", _forgets_uses)),
)
