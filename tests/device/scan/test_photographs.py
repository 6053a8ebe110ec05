"""Photographs that no one here made: what the pipeline reads of them, beside each reader alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.peers import Payload
from benchmarks.photographs import CHARSET_OF, EMPTY, pictures, written_beside
from device.scan.decoders import build_reader
from device.scan.pictures import fit
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology

if TYPE_CHECKING:
    from pathlib import Path

    from device.scan.codes import Code

QR_SETS = ("qrcode-1", "qrcode-2", "qrcode-3", "qrcode-5")
BAR_SETS = ("ean13-1", "code128-1")


def looked_at(photographs: Path, *sets: str) -> list[Path]:
    """Return the photographs of these sets, of which there are some."""
    found = pictures(*sets, within=photographs)
    assert found
    return found


def is_right(path: Path, codes: list[Code]) -> bool:
    held = written_beside(path)
    assert held is not None
    return any(Payload(code.text, code.raw).is_what(held) for code in codes)


@pytest.mark.parametrize(("sets", "at_least"), [(QR_SETS, 0.95), (BAR_SETS, 0.95)])
def test_no_photograph_is_lost_that_either_reader_reads_alone(
    photographs: Path, sets: tuple[str, ...], at_least: float
) -> None:
    pipeline = build_pipeline()
    readers = [build_reader(name, DEFAULT_SYMBOLOGIES) for name in ReaderName]
    lost, read, found = [], 0, looked_at(photographs, *sets)
    for path in found:
        frame = fit(path.read_bytes())
        ours = bool(pipeline.read_all(frame))
        read += ours
        if not ours and any(reader.read(frame) for reader in readers):
            lost.append(path.name)
    assert lost == []
    assert read / len(found) >= at_least


def test_texts_and_bytes_are_what_is_written_beside_the_photographs(photographs: Path) -> None:
    pipeline = build_pipeline()
    read = {path: pipeline.read_all(fit(path.read_bytes())) for path in looked_at(photographs, *QR_SETS, *BAR_SETS)}
    assert [path.name for path, codes in read.items() if codes and not is_right(path, codes)] == []
    assert otherwise(read) == ["33.png"], "whose text holds control characters, which no text of ours does"


def otherwise(read: dict[Path, list[Code]]) -> list[str]:
    """Return those of the photographs whose bytes are compared that say another text to us than is written."""
    named = {path: codes for path, codes in read.items() if path.name in CHARSET_OF and codes}
    texts = {path: path.with_suffix(".txt").read_bytes().decode() for path in named}
    return [path.name for path, codes in named.items() if texts[path] not in [code.text for code in codes]]


@pytest.mark.parametrize(
    ("name", "kind", "at_least", "other_texts"),
    [
        ("datamatrix-1", Symbology.DATA_MATRIX, 28, []),
        # Accents in a row look like Chinese where no character set is declared; zeroes are no text.
        ("aztec-1", Symbology.AZTEC, 31, ["HistoricoLong.png", "padding_bs.png"]),
        ("pdf417-1", Symbology.PDF417, 17, []),
    ],
)
def test_other_square_codes_are_read_with_the_character_sets_that_they_declare(
    photographs: Path, name: str, kind: Symbology, at_least: int, other_texts: list[str]
) -> None:
    pipeline = build_pipeline(symbologies=[kind])
    read = {path: pipeline.read_all(fit(path.read_bytes())) for path in looked_at(photographs, name)}
    assert sum(map(bool, read.values())) >= at_least
    assert [path.name for path, codes in read.items() if codes and not is_right(path, codes)] == []
    assert otherwise(read) == other_texts


def test_nothing_is_read_where_no_code_is(photographs: Path) -> None:
    pipeline = build_pipeline()
    read = {path.name: pipeline.read_all(fit(path.read_bytes())) for path in looked_at(photographs, EMPTY)}
    assert {name: codes for name, codes in read.items() if codes} == {}
