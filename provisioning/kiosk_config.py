"""The configuration that a new kiosk is handed: complete, commented, for the wiring that the README draws."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def kiosk_config(identity: str, host: str, port: int, home: Path) -> str:
    """Return the text of a kiosk's TOML file; ``home`` is the folder on it where key and certificates lie."""
    return f"""# Kiosk {identity}
# `hexiao device check --config FILE` shows every setting with its default.
# The store is not said here: the gateway knows it from the certificate.

[identity]
certificate = {_quoted(home / "cert.pem")}
key = {_quoted(home / "key.pem")}
authority = {_quoted(home / "ca.pem")}

[gateway]
host = "{host}"
port = {port}

[journal]
path = "/var/lib/hexiao-device/journal.db"

[screen]
language = "zh"   # or "en"
font_px = 16      # four lines of eight hanzi; 12: five lines of ten
brightness = 100  # per cent; at rest it is dimmed by itself
# claim_qr = "https://…"  # this kiosk's own claim QR, by turns with the idle screen: 53 characters at most

[camera]
adapter = "picamera2"

[camera.options]
lens = "auto"     # Camera Module 3; "fixed" for a camera without a motor

[panel]
adapter = "gpiozero"

[panel.options]   # BCM numbers, as the README's drawing has them
ok = 5
cancel = 6
up = 13
down = 19
red = 17
green = 27
blue = 22
buzzer = 18
led_active_high = true   # false for an RGB LED with a common anode
volume = 100             # of the buzzer, per cent

[oled]
adapter = "luma"

[oled.options]
driver = "ssd1309"   # or "ssd1306", "sh1106"
i2c_port = 1
i2c_address = 0x3C
rotate = 0           # 180: it hangs upside down

# [speaker]          # it says what its screen says: by espeak-ng, or recordings = "/a/folder"

[log]
level = "INFO"
"""


def _quoted(path: Path) -> str:
    """Return a path as a TOML string; a JSON string is one."""
    return json.dumps(str(path), ensure_ascii=False)
