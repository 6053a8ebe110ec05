"""Photographs that no one here made: what the pipeline reads of them, beside each reader alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from device.scan.decoders import build_reader
from device.scan.pictures import fit
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology

if TYPE_CHECKING:
    from pathlib import Path

QR_SETS = ("qrcode-1", "qrcode-2", "qrcode-3", "qrcode-5")
BAR_SETS = ("ean13-1", "code128-1")


def pictures(photographs: Path, *sets: str) -> list[Path]:
    found = [path for name in sets for path in sorted((photographs / name).iterdir())]
    return [path for path in found if path.suffix in {".png", ".jpg", ".webp"}]


@pytest.mark.parametrize(("sets", "at_least"), [(QR_SETS, 0.95), (BAR_SETS, 0.95)])
def test_no_photograph_is_lost_that_either_reader_reads_alone(
    photographs: Path, sets: tuple[str, ...], at_least: float
) -> None:
    pipeline = build_pipeline()
    readers = [build_reader(name, DEFAULT_SYMBOLOGIES) for name in ReaderName]
    lost, read, looked_at = [], 0, pictures(photographs, *sets)
    for path in looked_at:
        frame = fit(path.read_bytes())
        ours = bool(pipeline.read_all(frame))
        read += ours
        if not ours and any(reader.read(frame) for reader in readers):
            lost.append(path.name)
    assert lost == []
    assert read / len(looked_at) >= at_least


def test_texts_and_bytes_are_what_is_written_beside_the_photographs(photographs: Path) -> None:
    pipeline = build_pipeline()
    wrong = []
    for path in pictures(photographs, *QR_SETS, *BAR_SETS):
        codes = pipeline.read_all(fit(path.read_bytes()))
        text, raw = path.with_suffix(".txt"), path.with_suffix(".bin")
        if raw.exists():
            right = raw.read_bytes() in [code.raw for code in codes]
        else:
            right = text.read_bytes().decode() in [code.text for code in codes]
        if codes and not right:
            wrong.append(path.name)
    assert wrong == ["33.png"], "whose text holds control characters, which no text of ours does"


@pytest.mark.parametrize(
    ("name", "kind", "at_least", "otherwise"),
    [
        ("datamatrix-1", Symbology.DATA_MATRIX, 28, set()),
        # Accents in a row look like Chinese where no character set is declared; zeroes are no text.
        ("aztec-1", Symbology.AZTEC, 31, {"HistoricoLong.png", "padding_bs.png"}),
        ("pdf417-1", Symbology.PDF417, 17, set()),
    ],
)
def test_other_square_codes_are_read_with_the_character_sets_that_they_declare(
    photographs: Path, name: str, kind: Symbology, at_least: int, otherwise: set[str]
) -> None:
    pipeline = build_pipeline(symbologies=[kind])
    read = {path: pipeline.read_all(fit(path.read_bytes())) for path in pictures(photographs, name)}
    assert sum(map(bool, read.values())) >= at_least
    wrong = {
        path.name
        for path, codes in read.items()
        if codes
        and path.with_suffix(".txt").exists()
        and path.with_suffix(".txt").read_bytes().decode() not in [code.text for code in codes]
    }
    assert wrong == otherwise


def test_nothing_is_read_where_no_code_is(photographs: Path) -> None:
    pipeline = build_pipeline()
    read = {path.name: pipeline.read_all(fit(path.read_bytes())) for path in pictures(photographs, "falsepositives-1")}
    assert {name: codes for name, codes in read.items() if codes} == {}
