"""What hangs and lies in a store: its pictures are of the screens that ship."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from device.counter.words import Language
from tests.device.display.test_verdicts import skip_other_fonts
from tests.test_docs import targets
from tests.test_project import ROOT
from tools import kiosk_screens

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = ROOT / "docs" / "pictures" / "kiosk"


def test_the_screens_of_the_technicians_guide_are_those_that_ship(tmp_path: Path) -> None:
    """`make pictures` draws them anew."""
    skip_other_fonts(16)
    kiosk_screens.save(tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in PICTURES.iterdir()}
    for name in drawn:
        with Image.open(tmp_path / name) as now, Image.open(PICTURES / name) as then:
            assert ImageChops.difference(now, then).getbbox() is None, name


@pytest.mark.parametrize(("language", "guide"), [(Language.ZH, "technician.zh-CN.md"), (Language.EN, "technician.md")])
def test_the_technicians_guide_explains_every_screen(language: Language, guide: str) -> None:
    shown = {target for target in targets(ROOT / "docs" / "guides" / guide) if target.endswith(".png")}
    assert shown == {f"../pictures/kiosk/{name}.{language}.png" for name in kiosk_screens.screens(language)}
