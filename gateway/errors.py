"""What can go wrong in the gateway itself; what goes wrong with a voucher is a value, not an error.

GatewayError
    IdentityError(ValueError)   the gateway's own certificate cannot be used
    RegistryError               the file of kiosks and stores cannot be used, or must not be changed like that
    JournalError                the journal could not be written: nothing more can be promised, the process ends
"""

from __future__ import annotations


class GatewayError(Exception):
    """Root of the gateway's own errors."""


class IdentityError(GatewayError, ValueError):
    """The gateway's certificate cannot be read, or names no identity."""


class RegistryError(GatewayError):
    """The registry cannot be used or must not be changed in this way; the message says what to do."""


class JournalError(GatewayError):
    """The journal could not be written."""
