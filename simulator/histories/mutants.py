"""Every mutant there is. Each must be found out by some history that the shipped code passes."""

from __future__ import annotations

from simulator.histories.mutants_disk import DISK
from simulator.histories.mutants_hops import HOPS
from simulator.histories.mutants_marks import MARKS
from simulator.histories.mutants_offline import OFFLINE
from simulator.histories.mutants_owner import OWNER
from simulator.histories.mutants_platform import PLATFORM

MUTANTS = HOPS + OWNER + PLATFORM + MARKS + OFFLINE + DISK
