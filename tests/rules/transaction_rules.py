"""Rules that transactions at the head office could break: two that overlap, or one that fails; broken."""

from __future__ import annotations

from tests.rules.edit import Edit

TRANSACTIONS = (
    Edit(
        2,
        "a rid at a platform that has ended meanwhile is not begun again",
        "headoffice/platforms/cases.py",
        "    if begins:\n",
        "    if begins and not written:\n",
        "headoffice/platforms/test_processes.py::test_a_repeat_that_overlaps_the_end_of_its_rid_is_answered_with_that_end",
    ),
    Edit(
        9,
        "a restore ends though its last journals come at once",
        "headoffice/redemptions/standing.py",
        "select(restores.c.generation).where(this).with_for_update()",
        "select(restores.c.generation).where(this)",
        "headoffice/test_overlapping.py::test_the_last_two_journals_that_come_at_once_end_the_restore",
    ),
    Edit(
        10,
        "an undo that failed is done by no restore",
        "headoffice/redemptions/keeping.py",
        "begun = True\n                own.keep(ask, None, at)",
        "begun = True\n                own.keep(ask, ruled.answer, at)",
        "headoffice/test_keeping.py::test_an_undo_that_failed_comes_true_by_no_restore",
    ),
    Edit(
        10,
        "what was undone is told by its undo alone, in restored books too",
        "headoffice/redemptions/rids.py",
        "    if answer.undone_by is None:  # else",
        "    if True:  # else",
        "headoffice/outbox/test_telling_restored.py"
        "::test_rule_10_what_was_undone_before_it_was_uploaded_is_not_told_as_redeemed",
    ),
    Edit(
        10,
        "an undo that its redemption remembers has been made",
        "protocol/owner.py",
        "    if target is not None and target.answer.undone_by == rid:\n",
        "    if False:\n",
        "protocol/test_owner.py::test_rule_10_an_undo_that_its_redemption_remembers_has_been_made",
    ),
    Edit(
        11,
        "what was redeemed of a voucher that was given away since takes no use of its receiver's",
        "headoffice/redemptions/rids.py",
        "    most = come_back if is_given else len(waiting)\n",
        "    most = len(waiting)\n",
        "headoffice/test_given_restored.py"
        "::test_rule_11_what_was_redeemed_of_a_voucher_that_was_given_away_and_received_is_listed",
    ),
    Edit(
        10,
        "what is undone while its voucher is given away is its receiver's, in restored books too",
        "headoffice/redemptions/exchange.py",
        "    uploads.hold(connection, ask.entries)\n",
        "",
        "headoffice/test_held_in_order.py"
        "::test_rule_10_what_a_lost_gateway_has_undone_is_the_receivers_though_it_comes_at_that_moment",
    ),
    Edit(
        11,
        "an undo whose process died right after its commit is kept when the next one starts",
        "headoffice/redemptions/keeping.py",
        "            for rid, ask in list(self._begun.items()):",
        "            for rid, ask in ():",
        "headoffice/test_keeping.py"
        "::test_rule_11_an_undo_whose_process_died_after_its_commit_is_kept_when_the_next_one_starts",
    ),
    Edit(
        11,
        "of two messages of a gateway that overlap the books remember the higher mark",
        "headoffice/redemptions/standing.py",
        "case((_REMEMBERS_LESS, shown), else_=heard)",
        "case((_REMEMBERS_LESS, shown), else_=shown)",
        "headoffice/test_overlapping.py::test_of_two_messages_that_overlap_the_higher_mark_is_kept_and_shown",
    ),
)
