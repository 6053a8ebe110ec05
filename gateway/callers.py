"""What is said at once to somebody who asks over HTTP, the console's page or a till; apart from everything that waits.

They are requesters like kiosks, with two differences. They keep no journal that a gateway could have put a seal in, and
nothing is ever accepted offline for them: so an offer of another run needs no forgoing, its request goes to the owner
as a RESOLVE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.relay import recorded

if TYPE_CHECKING:
    from gateway.standing import Standing
    from protocol.messages import Answer, Notice
    from protocol.relay import Relay

BEHIND = "this gateway works on an older copy of its journal and says nothing of it; run hexiao gateway restore"
NOT_MET = "this gateway has just started and does not know yet whether it knows of this"
TOO_MANY = "too many requests that can begin nothing"


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing was taken, and nothing can be said of the redemption here: it has not ended, and is asked for again."""

    reason: str
    too_many: bool = False


def first_word(standing: Standing, known: Relay | None, asked: Relay) -> Answer | Notice | NotNow | None:
    """Return what is said before a request is taken; None where it may be taken.

    The rid first (rule 2): of one that is known, a gateway that has stopped still says what its journal has. Of one
    that is not known it concludes nothing: its journal may be an older copy.
    """
    if standing.stopped:
        return NotNow(BEHIND) if known is None else recorded(known, asked)
    return NotNow(NOT_MET) if known is None and not standing.met else None
