"""``hexiao decode``: one JSON object a picture, whatever the picture is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from cli.decode import decode
from tests.device.scan.drawing import before_camera, qr

if TYPE_CHECKING:
    from pathlib import Path


def saved(path: Path, picture: np.ndarray[Any, np.dtype[np.uint8]]) -> Path:
    Image.fromarray(picture).save(path)
    return path


def decoded(capsys: pytest.CaptureFixture[str], *files: Path, native: bool = False) -> list[dict[str, Any]]:
    decode(list(files), native=native)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_line_for_each_picture_in_the_order_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files = [saved(tmp_path / f"{name}.png", qr(name)) for name in ("one", "two")]
    answers = decoded(capsys, *files)
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    assert [answer["codes"] for answer in answers] == [
        [{"text": "one", "format": "qr_code"}],
        [{"text": "two", "format": "qr_code"}],
    ]
    assert all(answer["ms"] > 0 for answer in answers)
    assert all("error" not in answer for answer in answers)


def test_a_file_is_named_as_it_was_given(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "券.png", qr("核销"))
    monkeypatch.chdir(tmp_path)
    decode([type(tmp_path)("券.png")], native=False)
    line = capsys.readouterr().out
    assert '"file": "券.png"' in line
    assert '"text": "核销"' in line


def test_native_leaves_the_pixels(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wide = np.full((200, 12_000), 255, np.uint8)
    code = qr("far", scale=3)
    wide[20 : 20 + code.shape[0], 11_000 : 11_000 + code.shape[1]] = code
    file = saved(tmp_path / "wide.png", wide)
    assert decoded(capsys, file)[0]["codes"] == []
    assert [code["text"] for code in decoded(capsys, file, native=True)[0]["codes"]] == ["far"]


def test_two_codes_are_both_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    both = before_camera(qr("left"), qr("right"), at=((200, 300), (800, 300)))
    (answer,) = decoded(capsys, saved(tmp_path / "both.png", both))
    assert {code["text"] for code in answer["codes"]} == {"left", "right"}


def test_bytes_that_are_no_text_are_given_exactly(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    payload = bytes(range(256))
    (answer,) = decoded(capsys, saved(tmp_path / "bytes.png", qr(payload)))
    (code,) = answer["codes"]
    assert bytes.fromhex(code["bytes"]) == payload
    assert code["text"].encode("latin-1") == payload


def test_bytes_of_another_character_set_are_given_beside_their_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    payload = "créée à 10 µm".encode("latin-1")
    (answer,) = decoded(capsys, saved(tmp_path / "bytes.png", qr(payload)))
    assert answer["codes"] == [{"text": "créée à 10 µm", "format": "qr_code", "bytes": payload.hex()}]


def test_the_largest_code_there_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (answer,) = decoded(capsys, saved(tmp_path / "large.png", qr("x" * 2953, scale=5)))
    assert [code["text"] for code in answer["codes"]] == ["x" * 2953]


def test_what_cannot_be_read_has_an_error_and_stops_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.jpg", qr("whole"))
    corrupt = tmp_path / "corrupt.jpg"
    corrupt.write_bytes(whole.read_bytes()[:900])
    text = tmp_path / "text.png"
    text.write_text("no picture")
    answers = decoded(capsys, corrupt, text, tmp_path / "missing.png", tmp_path, whole)
    assert [bool(answer["codes"]) for answer in answers] == [False, False, False, False, True]
    assert [answer.get("error", "") for answer in answers[1:]] == [
        "not a PNG, JPEG or WebP picture (10 bytes)",
        "cannot be read: No such file or directory",
        "cannot be read: Is a directory",
        "",
    ]
    assert "damaged" in answers[0]["error"]


def test_a_picture_without_a_code_is_no_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (answer,) = decoded(capsys, saved(tmp_path / "grey.png", np.full((50, 50), 128, np.uint8)))
    assert answer["codes"] == []
    assert "error" not in answer


def test_without_a_reader_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    monkeypatch.delitem(sys.modules, "device.scan.zxing_reader", raising=False)
    with pytest.raises(SystemExit, match="pip install zxing-cpp"):
        decode([tmp_path / "x.png"], native=False)
