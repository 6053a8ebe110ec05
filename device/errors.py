"""What can go wrong in the kiosk's own process; ``device.scan`` and ``device.display`` have trees of their own.

::

    DeviceError
     ├── JournalError  (OSError)     the journal cannot be written now: nothing may leave that rests on it
     ├── PanelError    (OSError)     the pins cannot be taken: check wiring and configuration
     └── IdentityError (ValueError)  the certificate names no device: provision the kiosk
"""

from __future__ import annotations


class DeviceError(Exception):
    """Any failure that this room reports by itself."""


class JournalError(DeviceError, OSError):
    """The journal cannot be opened, read or written; the message says what happened and what to do."""


class PanelError(DeviceError, OSError):
    """The pins of buttons, light and buzzer cannot be used; the message says what to check."""


class IdentityError(DeviceError, ValueError):
    """A certificate that is none, or that names no device; the message says which file and what to do."""
