"""The measurements say what they claim: a wrong read counts as one, whatever is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from benchmarks import sets
from benchmarks.decode import rows_of
from benchmarks.peers import Payload, Score
from benchmarks.photographs import pictures, written_beside
from benchmarks.sets import FrameSet, frame_sets
from tests.device.scan.drawing import counter, qr

if TYPE_CHECKING:
    from pathlib import Path

TEXT = Payload("voucher", b"voucher")
OTHER = Payload("voncher", b"voncher")
NO_TEXT = Payload(None, b"\xff\x00")


@pytest.mark.parametrize(
    ("said", "held", "read", "wrong"),
    [
        ([TEXT], "voucher", 1, 0),
        ([OTHER, TEXT], b"voucher", 1, 0),
        ([OTHER], "voucher", 0, 1),
        ([OTHER], b"voucher", 0, 1),
        ([NO_TEXT], b"\xff\x00", 1, 0),
        ([NO_TEXT], "voucher", 0, 1),
        ([], "voucher", 0, 0),
    ],
)
def test_what_is_read_is_held_to_what_is_there(said: list[Payload], held: str | bytes, read: int, wrong: int) -> None:
    score = Score()
    score.look(lambda _frame: said, counter(), held)
    assert (sum(score.read), score.judged, score.wrong) == (read, 1, wrong)


def test_one_wrong_read_of_a_photograph_misses_its_bar() -> None:
    scores = {way: Score() for way in ("pipeline", "zxing-cpp alone", "pyzbar alone")}
    for score in scores.values():
        score.look(lambda _frame: [OTHER], counter(), "voucher")
    rows = rows_of(FrameSet("photographs", ()), scores)
    assert [row.measure for row in rows if row.missed] == ["read wrongly"]


def test_every_photograph_of_the_kiosks_own_kinds_has_its_payload_beside_it(photographs: Path) -> None:
    names = ("qrcode-1", "qrcode-2", "qrcode-3", "qrcode-5", "ean13-1", "code128-1")
    found = pictures(*names, within=photographs)
    assert len(found) == 98 + 22
    assert [path for path in found if written_beside(path) is None] == []


def test_other_photographs_are_a_set_for_qr_codes_and_one_for_bars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    for name in ("phone/one", "barcodes/two"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir()
        Image.fromarray(qr(name)).save(path)
        path.with_suffix(".txt").write_text(name)
    monkeypatch.setattr(sets, "OTHER", tmp_path)
    found = {given.name: given for given in frame_sets() if given.name.startswith("other")}
    assert {name: given.times for name, given in found.items()} == {
        "other photographs of QR codes": 1.02,
        "other photographs of bars": 1.08,
    }
    assert [held for given in found.values() for _, held in given.frames] == ["phone/one", "barcodes/two"]
