"""Codes that pay and codes that bind leave no trace: not in a file, a log or a database of a whole rehearsal."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from protocol.ids import code_tail
from tests.scenarios.counter import Counter, Demo, tail
from tests.scenarios.test_buttons import type_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Held up and typed. Their ends are such as stand in a file for no other reason.
PAYMENT = "134520260501774193"
SETUP = "HEXIAO:SETUP:1:Qz7w☂♞☃★"
#: A voucher's code, to show that what is looked for would be found.
VOUCHER = "VOUCHER-☀♜☁★"


def traces_of(code: str, end: int) -> Iterator[bytes]:
    """Give what a file may not hold: the code, its last characters, and what hashes make of it."""
    for text in (code, code[-end:]):
        yield text.encode()
        yield json.dumps(text)[1:-1].encode()
    for name in ("md5", "sha1", "sha256", "blake2b"):
        digest = hashlib.new(name, code.encode())
        yield digest.digest()
        yield digest.hexdigest().encode()


def files_with(folder: Path, said: str, traces: set[bytes]) -> list[str]:
    """Return the files under a folder that hold one of these, and whether the process said one."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    found = [path.name for path in files if any(trace in path.read_bytes() for trace in traces)]
    return found + ["output"] * any(trace in said.encode() for trace in traces)


def test_payment_and_setup_codes_leave_no_trace_anywhere(mosquitto_program: Path, tmp_path: Path) -> None:
    demo = Demo(tmp_path / "rehearsal")
    try:
        counter = Counter(demo.until_ready())
        kiosk = counter.kiosk()
        for code, verdict in ((PAYMENT, "payment_code"), (SETUP, "setup_code")):
            assert kiosk.looked(code)["verdict"] == verdict
            kiosk.clear()
            kiosk.tidy()
        type_code(kiosk, PAYMENT)
        kiosk.until_verdict("payment_code")
        console = counter.good("GET", "/api/rehearsal")["gateway"]
        bearer = {"Authorization": f"Bearer {console['token']}"}
        for code, verdict in ((PAYMENT, "payment_code"), (SETUP, "setup_code"), (VOUCHER, "unknown_code")):
            body = {"store": "nanjing-lu", "code": code}
            answer = Counter(console["url"]).call("POST", "/api/look", body, bearer)
            assert answer.json["verdict"] == verdict
        kiosk.tidy()
        assert kiosk.looked(VOUCHER)["verdict"] == "unknown_code"
        assert demo.stop() == 0
    finally:
        demo.kill()
    said = "\n".join(demo.lines)
    forbidden = {*traces_of(PAYMENT, 6), *traces_of(SETUP, len(code_tail(SETUP)))}
    assert files_with(tmp_path / "rehearsal", said, forbidden) == []
    assert files_with(tmp_path / "rehearsal", said, set(traces_of(VOUCHER, len(tail(VOUCHER))))) != []
