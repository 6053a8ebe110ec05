"""What no gateway's journal holds: customers' pages (线上, 邮寄) and undos by the head office itself, rid by rid.

A file beside the books, to which lines are only ever appended. Books that were put back to an older copy get back from
it what they have lost, as they do from the gateways (rule 11). A line is on disk before anybody is told of what is in
it; of several lines of a rid the last one counts, and one without an answer says that the rid has no end as far as is
known (``keeping`` has when). No line holds a code or where something was to be sent.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import msgspec

from headoffice.errors import DatabaseError
from protocol.owner import intent_digest
from protocol.upstream import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from protocol.messages import Answer
    from protocol.upstream import AskRedeem

_log = logging.getLogger(__name__)

_ENTRY = msgspec.json.Decoder(Entry)


class OwnJournal:
    """The file at a path; it is made by the first line. Any thread may append."""

    def __init__(self, path: Path) -> None:
        """Keep where it is."""
        self._path = path
        self._taken_up = False
        """Whether this process has made sure of the file's name and of an end of its last line."""

    def keep(self, ask: AskRedeem, answer: Answer | None, at: datetime, voucher: str | None = None) -> None:
        """Append what a rid is answered, durably; None: it has no end as far as is known.

        ``voucher``: whose uses an undo has given back, which its answer does not say.
        Raises DatabaseError where that cannot be, and then nothing is to happen.
        """
        try:
            if not self._taken_up:
                self._take_up()
            _append(self._path, line_of(ask, answer, at, voucher))
        except OSError as error:
            msg = f"{self._path} cannot be written ({error}): make room on its disk, or name another `own_journal`"
            raise DatabaseError(msg) from error

    def _take_up(self) -> None:
        """Make the file, or go on with one whose name may not be on disk yet and whose last line may have no end.

        That end is on disk before another line begins: torn, it would take the line before it along.
        """
        _append(self._path, b"\n")
        _sync(self._path.parent)
        self._taken_up = True

    def entries(self) -> list[Entry]:
        """Return the last line of each rid, in their order; raise DatabaseError where the file cannot be read."""
        found: dict[str, Entry] = {}
        for entry in self._lines():
            found.pop(entry.intent.rid, None)
            found[entry.intent.rid] = entry
        return list(found.values())

    def begun(self) -> list[Entry]:
        """Return the undos whose last line has no answer; raise DatabaseError where the file cannot be read."""
        found: dict[str, Entry] = {}
        for entry in self._lines():
            found.pop(entry.intent.rid, None)
            if entry.answer is None and entry.intent.undoes is not None:
                found[entry.intent.rid] = entry
        return list(found.values())

    def _lines(self) -> Iterator[Entry]:
        """Read line by line: there may be years of them."""
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line == b"\n":
                        continue
                    try:
                        yield _ENTRY.decode(line)
                    except msgspec.DecodeError:  # torn by a power cut: it tells of what nobody was told of
                        _log.warning("event=line_left_out file=%s line=%s", self._path, number)
        except FileNotFoundError:
            return  # its first line makes it
        except OSError as error:
            msg = f"{self._path} cannot be read ({error})"
            raise DatabaseError(msg) from error


def line_of(ask: AskRedeem, answer: Answer | None, at: datetime, voucher: str | None = None) -> bytes:
    """Return the line that keeps what a rid is answered.

    A line break ends it, so that nothing that is torn behind it can take it along, and one begins it, so that it is no
    part of what was torn before it.
    """
    entry = Entry(
        requester=ask.requester,
        store=ask.store,
        at=at.isoformat(),
        intent=msgspec.structs.replace(ask.intent, code=None),
        digest=intent_digest(ask.intent).hex(),
        voucher=voucher or (None if answer is None else answer.voucher),
        answer=answer,
    )
    return b"\n" + msgspec.json.encode(entry) + b"\n"


def _append(path: Path, line: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.write(file, line) != len(line):
            msg = "no space left for a whole line"
            raise OSError(msg)
        os.fsync(file)
    finally:
        os.close(file)


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
