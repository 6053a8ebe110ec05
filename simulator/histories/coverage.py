"""Which kinds of fault a redemption can meet in which state, and why it cannot meet the others there."""

from __future__ import annotations

from simulator.histories.faults import Fault, State

_MESSAGES = frozenset({Fault.LOST, Fault.TWICE, Fault.LATE})
_CALLS = frozenset({Fault.CALL_LOST, Fault.CALL_LATE})
_EVENTS = frozenset({Fault.EVENT_LOST, Fault.EVENT_LATE})
_BEFORE_OWNER = frozenset({State.LOOK, State.ASKED, State.TAKEN, State.CLOSED})
_AFTER_OWNER = frozenset({State.RULED, State.ANSWERED, State.SETTLED})

#: Reason, and the faults that cannot be met in these states for it.
_RULES: tuple[tuple[str, frozenset[Fault], frozenset[State]], ...] = (
    (
        "nothing of it is open any more; only messages that are still under way meet anything",
        frozenset(Fault)
        - _MESSAGES
        - {Fault.KIOSK_COMMIT, Fault.GATEWAY_COMMIT, Fault.COMPLAINT, Fault.UNDO}
        # An older journal can bring a settled redemption back, and late queries are still answered.
        - {Fault.GIVEN_UP, Fault.DISK_FULL, Fault.REPLICA},
        frozenset({State.SETTLED}),
    ),
    (
        "a look writes nothing",
        frozenset({Fault.KIOSK_COMMIT, Fault.DISK_FULL, Fault.GATEWAY_COMMIT}),
        frozenset({State.LOOK}),
    ),
    (
        "the owner has not heard of it",
        frozenset({Fault.OFFICE_COMMIT, Fault.COMPLAINT}),
        frozenset({State.LOOK, State.ASKED}),
    ),
    ("the owner has nothing left to commit", frozenset({Fault.OFFICE_COMMIT}), _AFTER_OWNER),
    ("a page has seen an answer as soon as it has it", frozenset({Fault.BROWSER}), frozenset({State.ANSWERED})),
    (
        "there is nothing to give up, or to be first at, before a confirm",
        frozenset({Fault.GIVEN_UP, Fault.RIVAL}),
        frozenset({State.LOOK}),
    ),
    ("only what was redeemed can be undone", frozenset({Fault.UNDO}), frozenset(State) - _AFTER_OWNER),
    ("the owner does not call the platform for it yet", _CALLS, _BEFORE_OWNER - {State.LOOK}),
    # Restored books ask again for what was left to a person, and about what they have forgotten.
    ("the owner does not call the platform for it any more", _CALLS, _AFTER_OWNER),
    ("the platform has not been asked", frozenset({Fault.REPLICA}), _BEFORE_OWNER - {State.LOOK, State.CLOSED}),
    ("there is no event before a consume has left", _EVENTS, _BEFORE_OWNER | {State.CLAIMED}),
    ("no use is spent by a rid that has ended", _EVENTS, _AFTER_OWNER),
)


def why_unreachable(fault: Fault, state: State) -> str | None:
    """Return why this fault cannot be met in this state; None where it can."""
    return next((reason for reason, faults, states in _RULES if fault in faults and state in states), None)
