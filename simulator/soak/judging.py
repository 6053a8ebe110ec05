"""The books of all parties of a soak, held against each other, against what was shown and what a platform says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from protocol.lease import Cause
from simulator.soak.cards import PLATFORM
from simulator.soak.suffered import GATEWAY, Suffered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulator.soak.suffered import PutBack

#: Of the causes that docs/redemption.md names, those that a soak brings about, each by a gateway's journal that was put
#: back: its leases outlast it, and no key is revoked.
CAUSES = {Cause.JOURNAL_LOST, Cause.DECLARED_LOST}


@dataclass(slots=True)
class Survived:
    """What came of it."""

    suffered: Suffered = field(default_factory=Suffered)
    rids: int = 0
    redeemed: int = 0
    greens: int = 0
    of_a_platform: int = 0
    """How many of those redeemed are cards."""
    platform_troubles: int = 0
    accepted: int = 0
    """How many were accepted offline, as a kiosk said."""
    forgotten: int = 0
    """How many of those did not end as redeemed or as a conflict, because kiosk and gateway were both put back."""
    conflicts: int = 0
    """How many were accepted offline and could not be redeemed after all."""
    at_tills: int = 0
    """How many ends tills were told."""
    undone: int = 0
    unresolved: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A rid that a screen showed as accepted offline: where, and when for the first time (monotonic seconds)."""

    kiosk: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known outside the parties' books."""

    uses: Mapping[str, int] = field(default_factory=dict)
    """How many uses were issued, by code."""
    greens: Mapping[str, str] = field(default_factory=dict)
    """The kiosk that showed green, by rid."""
    told: Mapping[str, str] = field(default_factory=dict)
    """The end that a till was told, by rid."""
    undone: Mapping[str, str] = field(default_factory=dict)
    """The redemption that somebody was told to be undone, by the undo's own rid."""
    accepted: Mapping[str, Acceptance] = field(default_factory=dict)
    """What was shown as accepted offline, by rid."""
    consumed: Counter[str] = field(default_factory=Counter)
    """What the platform has consumed of its cards for this chain, by their codes' ends."""
    conflicts: Mapping[str, str] = field(default_factory=dict)
    """The cause of each rid that the head office lists as accepted offline and gone."""


def judge(survived: Survived, books: dict[str, Any], evidence: Evidence) -> None:
    """Hold all books against each other and against the evidence; note what does not go together."""
    owner = {row["rid"]: row for row in books["headoffice"] if row["rid"]}
    put_back = survived.suffered.put_back
    survived.rids = len(owner)
    survived.redeemed = sum(row["verdict"] == "redeemed" for row in owner.values())
    survived.of_a_platform = sum(row["verdict"] == "redeemed" for row in owner.values() if row.get("platform"))
    survived.greens, survived.accepted = len(evidence.greens), len(evidence.accepted)
    survived.at_tills, survived.conflicts = len(evidence.told), len(evidence.conflicts)
    survived.undone = sum(row["undone_by"] is not None for row in owner.values())
    broken = {rid: shown for rid, shown in evidence.accepted.items() if not _is_kept(owner.get(rid))}
    excused = {rid for rid, shown in broken.items() if _is_forgotten(shown, put_back)}
    survived.forgotten = len(excused)
    survived.violations += [
        *_false_greens(owner, evidence.greens),
        *_contradictions(owner, books, evidence.told),
        *_not_undone(owner, books["gateway"], evidence.undone),
        *_overspent(owner, evidence.uses),
        *_misattributed(owner, evidence.consumed),
        *_unlisted(owner, evidence.conflicts),
        *_unfounded(evidence.conflicts, put_back),
        *(f"rule 11: {one}" for one in survived.suffered.never_found_out),
        *(
            f"offline: {shown.kiosk} showed {rid} as accepted, and the head office says {_verdict(owner.get(rid))}"
            for rid, shown in broken.items()
            if rid not in excused
        ),
    ]


def _false_greens(owner: dict[str, Any], greens: Mapping[str, str]) -> Iterator[str]:
    for rid, kiosk in greens.items():
        if _verdict(owner.get(rid)) != "redeemed":
            yield f"rule 3: {kiosk} showed green for {rid}, which is not redeemed in the head office's books"


def _contradictions(owner: dict[str, Any], books: dict[str, Any], told: Mapping[str, str]) -> Iterator[str]:
    tills = [{"rid": rid, "verdict": verdict} for rid, verdict in told.items()]
    for party, rows in {**books["kiosks"], "gateway": books["gateway"], "a till": tills}.items():
        for row in rows:
            rid, verdict = row["rid"], row["verdict"]
            ruled = _verdict(owner.get(rid))
            if rid is not None and verdict not in {"pending", ruled}:
                yield f"rule 2: {party} says {verdict} of {rid}, the head office says {ruled}"


def _not_undone(owner: dict[str, Any], gateway: list[Any], undone: Mapping[str, str]) -> Iterator[str]:
    """Find undos on which people, the gateway's journal and the head office's books do not agree."""
    for undo, rid in undone.items():
        if owner.get(rid, {}).get("undone_by") != undo:
            yield f"rule 10: somebody was told that {undo} has undone {rid}, and the head office does not know it"
    for row in gateway:
        by = owner.get(row["rid"], {}).get("undone_by")
        if row["rid"] in owner and row["undone_by"] != by:
            yield f"rule 10: {row['rid']} was undone by {row['undone_by']} as the gateway says, by {by} in fact"


def _overspent(owner: dict[str, Any], uses: Mapping[str, int]) -> Iterator[str]:
    spent: Counter[str] = Counter()
    issued: Counter[str] = Counter()
    for row in owner.values():
        if row["verdict"] == "redeemed" and not row.get("undone_by"):
            spent[row["code_tail"]] += int(row.get("quantity") or 1)
    for code, count in uses.items():
        issued[code[-4:]] += count
    for tail, count in spent.items():
        if tail in issued and count > issued[tail]:
            yield f"rule 3: {count} uses of vouchers that end in {tail} are spent, {issued[tail]} were issued"


def _misattributed(owner: dict[str, Any], consumed: Counter[str]) -> Iterator[str]:
    """Find uses that the platform has consumed for this chain and no rid has, and rids that have what was not consumed.

    The codes of a platform end in four digits, so several may end alike: they are counted together.
    """
    cards = [row for row in owner.values() if row.get("platform") == PLATFORM and row["verdict"] == "redeemed"]
    redeemed = Counter(row["code_tail"] for row in cards)
    for tail in sorted(redeemed.keys() | consumed.keys()):
        if redeemed[tail] != consumed[tail]:
            yield (
                f"rule 7: {redeemed[tail]} redemptions of cards that end in {tail} stand in the books, "
                f"{consumed[tail]} uses were consumed"
            )


def _unlisted(owner: dict[str, Any], conflicts: Mapping[str, str]) -> Iterator[str]:
    ended = {rid for rid, row in owner.items() if row["verdict"] == "offline_conflict"}
    for rid in sorted(ended - conflicts.keys()):
        yield f"offline: {rid} ended as a conflict, and no list has it with its cause"


def _unfounded(conflicts: Mapping[str, str], put_back: Sequence[PutBack]) -> Iterator[str]:
    """Find conflicts whose cause has not happened."""
    lost = any(one.part == GATEWAY for one in put_back)
    for rid, cause in conflicts.items():
        if cause not in CAUSES or not lost:
            yield f"offline: {rid} is listed as a conflict because of {cause}, which has not happened"


def _is_kept(row: Mapping[str, Any] | None) -> bool:
    """Whether this is an end that may follow on ``accepted_offline``; what lists must say of it is judged apart."""
    return _verdict(row) in {"redeemed", "offline_conflict"}


def _is_forgotten(shown: Acceptance, put_back: Sequence[PutBack]) -> bool:
    """Whether nobody can know of an acceptance: copies from before it came into both journals that held it.

    docs/redemption.md excuses this, and nothing else.
    """
    forgetful = {one.part for one in put_back if one.copied_at < shown.at < one.at}
    return {shown.kiosk, GATEWAY} <= forgetful


def _verdict(row: Mapping[str, Any] | None) -> str | None:
    return None if row is None else str(row["verdict"])


def open_in(books: dict[str, Any], unfinished: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what has no end: party and rid; ``unfinished`` is what the head office itself lists as such."""
    parties = {**books["kiosks"], "gateway": books["gateway"], "headoffice": books["headoffice"]}
    waiting = [
        f"{party} {row['rid']}"
        for party, rows in parties.items()
        for row in rows
        if row["rid"] is not None and row["verdict"] in {"pending", "accepted_offline"}
    ]
    return waiting + [f"headoffice {case['rid']}, which is {case['phase']} at its platform" for case in unfinished]
