"""The counter looks over the kiosk's shoulder: what is shown, when it is drawn, which presses are dealt with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from simulator.adapters.messages import DRAWN, HANDLED, VIEW
from simulator.adapters.wire import Wire, WireOptions

if TYPE_CHECKING:
    from device.view import View


class RehearsalMonitor:
    """Passes everything that a kiosk's monitor is told to the counter."""

    Options = WireOptions

    def __init__(self, options: WireOptions) -> None:
        """Keep the options."""
        self._wire = Wire(Path(options.socket))
        self._encoder = msgspec.json.Encoder()

    def shown(self, view: View) -> None:
        """Pass a view on."""
        self._send(VIEW, self._encoder.encode(view))

    def drawn(self, seq: int) -> None:
        """Pass on that the view of this number has reached the screen."""
        self._send(DRAWN, b"%d" % seq)

    def handled(self, edges: int) -> None:
        """Pass on how many button edges have been dealt with."""
        self._send(HANDLED, b"%d" % edges)

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _send(self, kind: str, body: bytes) -> None:
        self._wire.start()
        self._wire.send(kind, body)
