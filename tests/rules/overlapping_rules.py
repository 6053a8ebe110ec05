"""Rules that two transactions at the head office could break between them, broken."""

from __future__ import annotations

from tests.rules.edit import Edit

OVERLAPPING = (
    Edit(
        2,
        "a rid at a platform that has ended meanwhile is not begun again",
        "headoffice/platforms/cases.py",
        "    if begins:\n",
        "    if begins and not written:\n",
        "headoffice/platforms/test_processes.py::test_a_repeat_that_overlaps_the_end_of_its_rid_is_answered_with_that_end",
    ),
)
