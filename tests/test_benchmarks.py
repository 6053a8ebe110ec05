"""The measurements say what they claim: a wrong read counts as one, whatever is looked at."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from benchmarks import lasting, presentation, sets, wrong
from benchmarks.decode import rows_of
from benchmarks.misleading import KINDS, empty_scenes, frame_of
from benchmarks.peers import Payload, Score
from benchmarks.photographs import pictures, written_beside
from benchmarks.sets import FrameSet, frame_sets
from device.scan.codes import Code, quad_around
from device.scan.decoders import build_reader
from device.scan.glimpse import Glimpse
from device.scan.pipeline import Pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology
from tests.device.scan.drawing import before_camera, counter, qr

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.photographs import Held

TEXT = Payload("voucher", b"voucher")
OTHER = Payload("voncher", b"voncher")
NO_TEXT = Payload(None, b"\xff\x00")


@pytest.mark.parametrize(
    ("said", "held", "read", "wrong"),
    [
        ([TEXT], "voucher", 1, 0),
        ([TEXT, TEXT], b"voucher", 1, 0),
        ([OTHER, TEXT], b"voucher", 1, 1),
        ([TEXT, OTHER], ("voucher", "voncher"), 1, 0),
        ([OTHER], "voucher", 0, 1),
        ([OTHER], b"voucher", 0, 1),
        ([NO_TEXT], b"\xff\x00", 1, 0),
        ([OTHER], ("voucher", "voncher"), 1, 0),
        ([NO_TEXT], ("voucher", "voncher"), 0, 1),
        ([NO_TEXT], "voucher", 0, 1),
        ([], "voucher", 0, 0),
    ],
)
def test_what_is_read_is_held_to_what_is_there(said: list[Payload], held: Held, read: int, wrong: int) -> None:
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


def test_frames_of_another_generator_are_sets_by_condition_some_of_them_held_to_the_best_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(qr("elsewhere")).save(tmp_path / "one.png")
    entries = [
        {"file": "one.png", "cond": cond, "payload": payload}
        for cond, payload in (("screen_dim_2", "elsewhere"), ("mix-hard", "elsewhere"), ("mix-hard", None))
    ]
    (tmp_path / "meta.json").write_text(json.dumps(entries))
    monkeypatch.setattr(sets, "ELSEWHERE", tmp_path)
    found = [given for given in frame_sets() if given.name in ("screen_dim_2", "mix-hard")]
    assert [(given.as_the_best, given.times, given.empty) for given in found] == [
        (True, None, False),
        (False, 1.2, False),
        (False, 1.2, True),
    ]


def test_what_one_reader_reads_alone_misses_the_bars_of_sets_that_are_held_to_it() -> None:
    scores = {way: Score() for way in ("pipeline", "zxing-cpp alone", "pyzbar alone", "OpenCV")}
    for way, score in scores.items():
        score.look(lambda _frame, way=way: [] if way == "pipeline" else [TEXT], counter(), "voucher")  # type: ignore[misc]

    def missed(given: FrameSet) -> list[str]:
        return [row.measure for row in rows_of(given, scores) if row.missed]

    assert missed(FrameSet("any", ())) == []
    assert missed(FrameSet("any", (), as_the_best=True)) == ["read"]
    assert missed(FrameSet("any", (), loses_nothing=True)) == ["lost that either reads alone"]


@pytest.mark.parametrize(
    ("shown", "held", "right", "said"),
    [
        ("voucher", "voucher", True, ""),
        ("voncher", "voucher", False, "qr_code 'voncher'"),
        ("voucher", None, False, "qr_code 'voucher'"),
    ],
)
def test_a_square_that_says_anything_but_its_own_text_is_believed_and_misses_the_bar(
    monkeypatch: pytest.MonkeyPatch, shown: str, held: str | None, right: object, said: str
) -> None:
    monkeypatch.setattr(wrong, "frame_of", lambda *_: (before_camera(qr(shown)), held))
    (look,) = wrong._looked_at([6])
    assert (look.kind, look.right, look.wrong, look.believed) == ("covered squares", right, said, bool(said))
    missed = [row.measure for row in wrong.rows_of([look]) if row.missed]
    assert missed == (["believed by a kiosk"] if said else [])


def test_both_rates_of_wrong_reads_are_bounded() -> None:
    looks = [wrong.Look(number, "noise") for number in range(998)]
    looks += [wrong.Look(998, "noise", wrong="x"), wrong.Look(999, "noise", wrong="y", believed=True)]
    bounds = [row.value for row in wrong.rows_of(looks) if "95 %" in row.measure]
    assert bounds == pytest.approx([6296, 4744], abs=1), "Poisson's for two and for one of a thousand"


def test_a_frame_has_one_number_whichever_kinds_are_looked_at() -> None:
    some = list(islice(wrong.numbers(["covered squares", "noise"]), 4))
    assert some == [0, 6, len(KINDS), len(KINDS) + 6]
    assert [wrong.kind_of(number) for number in some] == ["noise", "covered squares"] * 2


@pytest.mark.parametrize(
    ("kind", "readable", "unreadable"),
    [("covered squares", 1, 0), ("squares under a lamp", 6, 0), ("smeared squares", 9, 0), ("other purposes", 0, 2)],
)
def test_damaged_codes_are_near_what_can_be_read(kind: str, readable: int, unreadable: int) -> None:
    """Or nothing could be read wrongly in them: some are read as they are drawn, and some are not."""
    zxing = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    for number, wanted in ((readable, True), (unreadable, False)):
        frame, text = frame_of(kind, np.random.default_rng(number), empty_scenes())
        assert (text in [code.text for code in zxing.read(frame)]) is wanted


def test_a_phone_that_sleeping_eyes_do_not_notice_is_looked_at_late(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = presentation._brought_in(0)
    monkeypatch.setattr(Glimpse, "same_picture", lambda *_: True)
    missed = presentation._brought_in(0)
    assert min(missed.looked_ms, missed.looked_whole_ms) > max(seen.looked_ms, seen.looked_whole_ms)


def test_memory_is_measured_over_frames_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "FRAMES", 2 * len(lasting._KINDS))
    read = {row.measure: row for row in lasting.run() if "grown" not in row.measure}
    assert [row.measure for row in read.values() if row.missed] == []
    assert read["frames with a code"].value == 10


@pytest.mark.parametrize(("read", "missed"), [([], "of these, read"), (["another"], "said what was not shown")])
def test_memory_over_frames_that_are_not_read_is_no_measure(
    monkeypatch: pytest.MonkeyPatch, read: list[str], missed: str
) -> None:
    codes = [Code(text, text.encode(), Symbology.QR_CODE, quad_around([(100, 80), (220, 160)])) for text in read]
    monkeypatch.setattr(Pipeline, "look", lambda *_: codes)
    monkeypatch.setattr(lasting, "FRAMES", 2 * len(lasting._KINDS))
    assert missed in [row.measure for row in lasting.run() if row.missed]
