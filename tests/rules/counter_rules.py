"""Rules 8 to 11, broken at the kiosk: what leaves it, and what it shows."""

from __future__ import annotations

from tests.rules.edit import Edit

COUNTER = (
    Edit(
        8,
        "no REQ that is due leaves with giving up",
        "device/counter/step.py",
        "    counter, due = _catch_up(counter, now)\n",
        "    counter, early = redeeming.repeat_due(counter, now)\n    counter, due = _catch_up(counter, now)\n"
        "    due = (*early, *due)\n",
        "device/counter/test_redeeming.py::test_rule_8_no_request_leaves_with_giving_up_though_one_is_due",
    ),
    Edit(
        9,
        "after a restart what was redeemed is a question, never green",
        "device/counter/results.py",
        "on_screen and ticket.confirmed_here and not ticket.parked",
        "not ticket.parked",
        "device/counter/test_redeeming.py::test_after_a_restart_redeemed_is_a_question_never_green",
    ),
    Edit(
        9,
        "what was parked is a question, never green",
        "device/counter/results.py",
        "on_screen and ticket.confirmed_here and not ticket.parked",
        "ticket.confirmed_here",
        "device/counter/test_redeeming.py::test_a_parked_redemption_that_turns_out_redeemed_becomes_a_question_never_green",
    ),
    Edit(
        9,
        "a result is settled when it has been shown for three seconds",
        "device/counter/results.py",
        "    if phase.unseen and now >= phase.since + counter.timing.result_min_s:\n",
        "    if phase.unseen and now >= phase.since:\n",
        "device/counter/test_results.py::test_a_result_is_seen_after_three_seconds_and_stands_for_eight",
    ),
    Edit(
        9,
        "of a redemption with two ends nobody is told that its goods went",
        "device/counter/results.py",
        "    if phase.outcome.manner is Manner.DISPUTED:\n",
        "    if False:\n",
        "device/counter/test_redeeming.py"
        "::test_rule_9_a_redemption_with_two_ends_is_ended_and_nobody_is_told_that_its_goods_went",
    ),
    Edit(
        10,
        "what was undone is never shown green",
        "device/counter/results.py",
        "return Verdict.UNDONE if answer.undone_by is not None else answer.verdict",
        "return answer.verdict",
        "device/counter/test_redeeming.py::test_a_redemption_that_was_undone_is_never_green",
    ),
    Edit(
        11,
        "no acceptance of a forgone rid counts, after a restart either",
        "device/counter/redeeming.py",
        "one.answer, forgone=one.forgone)",
        "one.answer)",
        "device/counter/test_accepted.py::test_nor_is_it_after_a_restart",
    ),
    Edit(
        11,
        "no RESOLVE says forgone before the disk has taken it",
        "device/actions.py",
        "failed = failed if self._forgo(rid) else ForgoFailed(rid)",
        "self._forgo(rid)",
        "device/test_runner.py::test_no_resolve_says_forgone_before_the_disk_has_taken_it",
    ),
    Edit(
        11,
        "no acceptance is shown before the disk has taken it",
        "device/actions.py",
        "failed = failed if self._accept(answer) else AcceptFailed(answer.rid)",
        "self._accept(answer)",
        "device/test_runner.py::test_no_acceptance_is_shown_before_the_disk_has_taken_it",
    ),
    Edit(
        11,
        "what the disk could not take as accepted is accepted by nobody",
        "device/counter/redeeming.py",
        "request=requester.not_accepted(ticket.request)))",
        "request=ticket.request))",
        "device/counter/test_accepted.py::test_what_the_journal_could_not_take_as_accepted_is_waited_for_and_said_again",
    ),
    Edit(
        11,
        "a kiosk of which its gateway remembers more stops",
        "device/runner.py",
        "        if isinstance(message, Welcome) and own.is_behind(shown):",
        "        if isinstance(message, Welcome) and own.is_behind(own):",
        "device/test_runner.py::test_a_journal_that_the_gateway_knows_to_be_older_stops_the_kiosk",
    ),
)
