"""Opens the counter's page in a browser, where there is one and somebody to see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def open_browser(url: str) -> bool:
    """Ask the desktop to show a page, without waiting for it; return whether there is one to ask."""
    opener = shutil.which("xdg-open")
    if opener is None or not any(os.environ.get(name) for name in _DISPLAYS):
        return False
    try:
        opening = subprocess.Popen(  # noqa: S603 - the desktop's own opener; what it starts is not ours to end
            [opener, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    threading.Thread(target=opening.wait, name="browser", daemon=True).start()  # some stay until the page is closed
    return True
