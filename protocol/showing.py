"""Codes that change while a customer's page shows them, and how long each counts.

A page shows its voucher's code from the tap on 立即使用 for five minutes at most, a new one every 30 seconds, and says
all the while that it is still there. A photograph of a code is worth nothing once its page is gone. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.values import Value

#: How long one code is shown.
STEP = timedelta(seconds=30)
STEPS = 10
#: From the tap to the moment when the page folds, whatever happens.
OPEN = STEP * STEPS
#: A page that has not been heard of for so long is gone.
HEARTBEAT = timedelta(seconds=45)
#: The way from the page to the camera.
GRACE = timedelta(seconds=5)
#: Between a look and its confirm; a gateway lets no offer grow older.
OFFER = timedelta(seconds=60)


class Showing(Value, frozen=True, kw_only=True):
    """A code as the owner's books know it: since when its page is open, when it was heard of last, how old the code is.

    ``step_at`` is the moment at which the page began to show this code.
    """

    opened_at: datetime
    heard_at: datetime
    step_at: datetime
    closed: bool = False

    def is_open(self, at: datetime) -> bool:
        """Whether the page shows codes."""
        return not self.closed and at - self.opened_at < OPEN and at - self.heard_at < HEARTBEAT

    def can_be_looked_up(self, at: datetime) -> bool:
        """Whether a look may find it: the page is open, and shows this very code."""
        return self.is_open(at) and at - self.step_at < STEP + GRACE

    def can_be_spent(self, at: datetime) -> bool:
        """Whether a redemption may spend by it: the page is open, and showed this code when it was looked up."""
        return self.is_open(at) and at - self.step_at < STEP + GRACE + OFFER
