"""How much has to happen in a soak before it proves anything: a shop that serves nobody breaks no rule either."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.soak.judging import Survived

#: The least for each kill. Where two cores had ten others to serve as well, so that a head office took up to eleven
#: seconds to start, 1.9 were redeemed a kill, 0.33 shown in green, and every kill met somebody. A free one does more.
LEAST_REDEEMED, LEAST_GREENS, LEAST_MET = 0.3, 0.05, 0.3


def shortfalls(survived: Survived) -> Iterator[str]:
    """Say what there was too little of, for as many kills."""
    suffered = survived.suffered
    kills = suffered.kills.total()
    for what, count, least in (
        ("redeemed", survived.redeemed, LEAST_REDEEMED),
        ("shown in green", survived.greens, LEAST_GREENS),
        ("met by a kill while somebody waited for an end", suffered.met, LEAST_MET),
    ):
        if count < (wanted := max(1, int(least * kills))):
            yield f"too little to prove anything: {count} {what} in {kills} kills, the least is {wanted}"
    if suffered.disks and not suffered.disks_filled:
        yield "too little to prove anything: no disk was filled"
