"""What can go wrong in the display room.

::

    DisplayRoomError
     ├── DisplayError      (OSError)            the screen does not answer: transient, try again
     └── FontMissingError  (FileNotFoundError)  the installation lacks a font: fatal, install the package
"""

from __future__ import annotations


class DisplayRoomError(Exception):
    """Any failure that this room reports by itself."""


class DisplayError(DisplayRoomError, OSError):
    """The screen cannot be reached or does not answer; a later try may succeed."""


class FontMissingError(DisplayRoomError, FileNotFoundError):
    """No font for the wanted size is installed; the message names the package that has it."""
