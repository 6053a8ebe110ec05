"""What can go wrong with the eyes.

::

    ScanError
    +-- CameraError (also OSError)      absent, busy or stalled: close it, wait, start it again
    +-- ReaderError (also ImportError)  a decoder is not installed, or too old to be trusted
    +-- PictureError (also ValueError)  a picture file that cannot be made into a frame
"""

from __future__ import annotations


class ScanError(Exception):
    """Root of what this room raises."""


class CameraError(ScanError, OSError):
    """The camera is absent, busy or stalled; the message says what to check."""


class ReaderError(ScanError, ImportError):
    """A configured decoder cannot be used here; the message says what to install."""


class PictureError(ScanError, ValueError):
    """A file that is no picture, is damaged, or is too large to open."""
