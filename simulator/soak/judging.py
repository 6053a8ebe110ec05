"""The books of all parties of a soak, held against each other, against what was shown and what a platform says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.soak.cards import PLATFORM
from simulator.soak.troubles import Suffered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet


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
    conflicts: int = 0
    """How many were accepted offline and could not be redeemed after all."""
    unresolved: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known outside the books of kiosks and gateway."""

    consumed: Counter[str] = field(default_factory=Counter)
    """What the platform has consumed of its cards for this chain, by their codes' ends."""
    conflicts: AbstractSet[str] = frozenset()
    """Rids that the head office lists as accepted offline and gone."""


def judge(
    survived: Survived,
    books: dict[str, Any],
    greens: dict[str, str],
    uses: dict[str, int],
    outside: Outside,
) -> None:
    """Hold all books against each other and against what was shown; note what does not go together.

    ``uses`` were issued, by code.
    """
    owner = {row["rid"]: row for row in books["headoffice"] if row["rid"]}
    survived.rids = len(owner)
    survived.redeemed = sum(row["verdict"] == "redeemed" for row in owner.values())
    survived.of_a_platform = sum(row["verdict"] == "redeemed" for row in owner.values() if row.get("platform"))
    survived.greens = len(greens)
    survived.violations += [*_false_greens(owner, greens), *_contradictions(owner, books), *_overspent(owner, uses)]
    survived.violations += [*_misattributed(owner, outside.consumed), *_unlisted(owner, outside.conflicts)]


def _false_greens(owner: dict[str, Any], greens: dict[str, str]) -> Iterator[str]:
    for rid, kiosk in greens.items():
        if owner.get(rid, {}).get("verdict") != "redeemed":
            yield f"rule 3: {kiosk} showed green for {rid}, which is not redeemed in the head office's books"


def _contradictions(owner: dict[str, Any], books: dict[str, Any]) -> Iterator[str]:
    for party, rows in {**books["kiosks"], "gateway": books["gateway"]}.items():
        for row in rows:
            rid, verdict = row["rid"], row["verdict"]
            ruled = owner.get(rid, {}).get("verdict")
            if rid is not None and verdict not in {"pending", ruled}:
                yield f"rule 2: {party} says {verdict} of {rid}, the head office says {ruled}"


def _overspent(owner: dict[str, Any], uses: dict[str, int]) -> Iterator[str]:
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


def _unlisted(owner: dict[str, Any], conflicts: AbstractSet[str]) -> Iterator[str]:
    ended = {rid for rid, row in owner.items() if row["verdict"] == "offline_conflict"}
    for rid in sorted(ended - conflicts):
        yield f"{rid} ended as an offline conflict, and no list has it with its cause"


def open_in(books: dict[str, Any]) -> list[str]:
    """Return what has no end: party and rid."""
    parties = {**books["kiosks"], "gateway": books["gateway"], "headoffice": books["headoffice"]}
    return [
        f"{party} {row['rid']}"
        for party, rows in parties.items()
        for row in rows
        if row["rid"] is not None and row["verdict"] in {"pending", "accepted_offline"}
    ]
