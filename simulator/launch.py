"""Starts a part of a rehearsal so that it dies with the counter, even when that is killed with -9.

Run as a script, with the counter's process id and the command: it asks the kernel for a SIGKILL at the parent's death,
and becomes the command. The request survives exec, but not a change of user: a program that gives up root must be told
not to. It is a program of its own because code between fork and exec of a process with threads is not safe.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"cannot tie {command[0]} to the counter: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the counter is gone already")
    # Where the counter was started with these ignored (as a job in the background is), its parts must not be deaf too.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the counter's own parts
    except OSError as error:
        sys.exit(f"{command[0]}: cannot be started: {error.strerror}")


if __name__ == "__main__":
    main()
