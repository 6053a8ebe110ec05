"""What everybody finds who comes to the shop of a soak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from simulator.soak.shop import Shop
    from simulator.soak.stock import Stock
    from simulator.soak.underway import Underway
    from simulator.soak.undos import Undos


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The shop, the codes that people come with, the die that says what they do, and where it is noted."""

    shop: Shop
    stock: Stock
    undos: Undos
    underway: Underway
    random: Random
