"""What people read: links that lead somewhere, and translations that say as much as what they translate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.test_project import ROOT, files

if TYPE_CHECKING:
    from pathlib import Path

TRANSLATED = ".zh-CN"
LANGUAGE = re.compile(r"\.(zh-CN|zh|en)(?=\.\w+$)")
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
COMMENT = re.compile(r"\s*# .*$", re.MULTILINE)

PAGES = [path for path in files() if path.suffix == ".md"]
TRANSLATIONS = [path for path in PAGES if path.stem.endswith(TRANSLATED)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def original_of(translation: Path) -> Path:
    return translation.with_name(translation.name.replace(TRANSLATED, ""))


def anchors(page: Path) -> set[str]:
    """Return the anchors that a reader's site makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets(page: Path) -> list[str]:
    return [match["target"] for match in LINK.finditer(FENCED.sub("", page.read_text(encoding="utf-8")))]


def links_in_any_language(page: Path) -> list[str]:
    """Return what a page links to; the same page or picture in another language counts as the same."""
    return sorted(LANGUAGE.sub("", target) for target in targets(page))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_a_page_leads_to_something_of_the_project(page: Path) -> None:
    astray = []
    for target in targets(page):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            astray.append(target)
    assert astray == []


@pytest.mark.parametrize("page", TRANSLATIONS, ids=name)
def test_a_translation_has_every_heading_command_table_row_and_link_of_its_original(page: Path) -> None:
    told, original = page.read_text(encoding="utf-8"), original_of(page).read_text(encoding="utf-8")
    assert HEADING.findall(FENCED.sub("", told)) == HEADING.findall(FENCED.sub("", original))
    assert [COMMENT.sub("", block) for block in FENCED.findall(told)] == [
        COMMENT.sub("", block) for block in FENCED.findall(original)
    ]
    assert len(ROW.findall(told)) == len(ROW.findall(original))
    assert links_in_any_language(page) == links_in_any_language(original_of(page))


def test_what_everybody_reads_first_is_there_in_chinese() -> None:
    assert ROOT / "README.zh-CN.md" in TRANSLATIONS
