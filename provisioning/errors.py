"""What can go wrong while provisioning, split by what the technician can do about it.

::

    ProvisioningError
    ├── FolderError            a folder or file that cannot be read or written
    ├── AuthorityError         an identity, a request or a folder that the certificate authority cannot serve
    ├── BrokerError            a broker folder that cannot be used
    │   └── BrokerDownError    no broker runs on it: what was written counts from its next start
    └── ServiceError           gateway or head office did not do it
        ├── UnreachableError   no answer: start it, or mend the way to it, and repeat
        └── RefusedError       it said no, and why

Messages are whole sentences for the terminal: what happened, where, what to do.
"""

from __future__ import annotations


class ProvisioningError(Exception):
    """Root of this room's errors."""


class FolderError(ProvisioningError):
    """A folder or file that cannot be read or written."""


class AuthorityError(ProvisioningError, ValueError):
    """Something that the certificate authority must not sign, or a folder that is none."""


class BrokerError(ProvisioningError):
    """A broker folder that cannot be used."""


class BrokerDownError(BrokerError):
    """No broker runs on this folder."""


class ServiceError(ProvisioningError):
    """Gateway or head office did not do what was asked."""


class UnreachableError(ServiceError, ConnectionError):
    """Gateway or head office did not answer; whether it did what was asked is not known, and repeating is safe."""


class RefusedError(ServiceError):
    """Gateway or head office answered no."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the HTTP status beside the sentence."""
        super().__init__(message)
        self.status = status
