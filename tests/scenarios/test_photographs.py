"""Photographs that nobody here took, put before the camera: what they say is redeemed like any voucher."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from protocol.ids import code_tail
from tests.scenarios.counter import Counter

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["qrcode-1/1", "qrcode-1/13", "qrcode-1/17", "qrcode-2/14", "qrcode-3/01"])
def test_a_photographs_text_imported_as_a_code_is_redeemed_once(counter: Counter, photographs: Path, name: str) -> None:
    kiosk = counter.kiosk()
    text = (photographs / f"{name}.txt").read_bytes().decode()
    picture = next(photographs.glob(f"{name}.[wpj]*")).read_bytes()  # webp, png or jpg
    counter.issue(code=text, title=f"照片 {name}")
    kiosk.hold(picture)
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    assert kiosk.until_verdict("redeemed")["light"]["colour"] == "green"
    kiosk.clear()
    kiosk.tidy()
    kiosk.hold(picture)
    again = kiosk.until_verdict("already_redeemed")
    assert "南京路店" in " ".join(again["lines"])
    row = next(row for row in _records(counter) if row["券名"] == f"照片 {name}")
    assert row["核销方式"] == "扫码"
    assert row["券码"].endswith(code_tail(text))


def _records(counter: Counter) -> list[dict[str, str]]:
    headoffice = counter.good("GET", "/api/rehearsal")["headoffice"]
    bearer = {"Authorization": f"Bearer {headoffice['token']}"}
    said = Counter(headoffice["url"]).call("GET", "/api/v1/records.csv", headers=bearer)
    return list(csv.DictReader(io.StringIO(said.body.decode("utf-8-sig"))))
