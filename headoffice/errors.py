"""What can go wrong here, by what the one who asked can do about it.

HeadOfficeError
├── DatabaseError        ask again later, with the same key
├── MigrationError       the database is of a newer version: install that
├── StartError           something of the operator's is in the way: the message says what
├── GatewayUnknownError  register the gateway
├── BehindError          the books are an older copy: restore
├── NotFoundError        there is no such thing
├── TakenError           somebody was first
├── NotAllowedError      not in this state
└── RefusedError         ask for something else
"""

from __future__ import annotations


class HeadOfficeError(Exception):
    """Root of this room's errors."""


class DatabaseError(HeadOfficeError, RuntimeError):
    """The database cannot be used, or does not answer now; whatever was asked may be asked again."""


class MigrationError(HeadOfficeError, RuntimeError):
    """The database's schema is not one that this program knows."""


class StartError(HeadOfficeError, RuntimeError):
    """The head office cannot start."""


class GatewayUnknownError(HeadOfficeError, LookupError):
    """A certificate that the authority signed, of no gateway that is registered here."""


class BehindError(HeadOfficeError, RuntimeError):
    """These books were put back to an older copy: until they are restored they decide nothing; the message says how."""


class NotFoundError(HeadOfficeError, LookupError):
    """There is no such store, type, voucher, redemption."""


class TakenError(HeadOfficeError, ValueError):
    """The code or number is somebody's already."""


class NotAllowedError(HeadOfficeError, ValueError):
    """The thing is not in a state in which this can be done."""


class RefusedError(HeadOfficeError, ValueError):
    """What is asked for cannot be."""
