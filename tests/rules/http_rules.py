"""Rules 2 and 8 to 10, broken where the console's page and tills ask over HTTP."""

from __future__ import annotations

from tests.rules.edit import Edit

_PAGE = "gateway/console/static"
_IN_A_BROWSER = "gateway/test_console_requester.py"

HTTP = (
    Edit(
        2,
        "a gateway that has stopped looks the rid of page and till up before it says so",
        "gateway/callers.py",
        "return NotNow(BEHIND) if known is None else recorded(known, asked)",
        "return NotNow(BEHIND)",
        "gateway/test_callers.py"
        "::test_rule_2_a_gateway_that_has_stopped_still_says_what_its_journal_has_and_concludes_nothing_of_the_rest",
    ),
    Edit(
        8,
        "page and till can ask only how it ended",
        "gateway/webcounter.py",
        "partial(self._relays.resolve, asked, reason)",
        "partial(self._relays.confirm, asked, None)",
        "gateway/test_callers.py::test_rule_8_what_never_arrived_is_ended_and_its_late_request_begins_nothing",
    ),
    Edit(
        8,
        "ten seconds after the press the page only asks how it ended",
        f"{_PAGE}/requester.js",
        "return Math.max(0, limits.asking_s * 1000 - passed);",
        "return limits.asking_s * 1000 + 0 * passed;",
        f"{_IN_A_BROWSER}::test_rule_8_what_did_not_get_through_in_ten_seconds_is_only_ended_and_the_page_says_that_nothing_was_spent",
    ),
    Edit(
        8,
        "what a gateway or a proxy says of a message ends nothing on the page",
        f"{_PAGE}/requester.js",
        """told(error instanceof Said ? error.message : "");""",
        "return { rid: this.rid, verdict: `fault`, final: true, detail: { reason: error.message } };",
        f"{_IN_A_BROWSER}::test_rule_8_what_a_gateway_says_in_between_ends_nothing",
    ),
    Edit(
        9,
        "after a reload of the page a success is a question, never green",
        f"{_PAGE}/ending.js",
        "!request.isHere && isRedeemed(ends[n])",
        "request.isHere && request.parked && isRedeemed(ends[n])",
        f"{_IN_A_BROWSER}::test_rule_9_after_a_reload_a_success_is_a_question_until_somebody_answers_it",
    ),
    Edit(
        9,
        "a success on the page is settled when it has been shown for three seconds",
        f"{_PAGE}/ending.js",
        "setTimeout(() => isShown() && seen(), SHOWN_MS);",
        "setTimeout(() => seen(isShown), SHOWN_MS);",
        f"{_IN_A_BROWSER}::test_rule_9_a_success_is_settled_by_three_seconds_on_the_page_and_not_by_a_moment",
    ),
    Edit(
        10,
        "what was undone is never green on the page, nor settled",
        f"{_PAGE}/outcome.js",
        """answer.verdict === "redeemed" && !answer.undone_by;""",
        """answer.verdict === "redeemed";""",
        f"{_IN_A_BROWSER}::test_rule_10_what_was_undone_before_its_answer_came_is_not_green_and_not_settled",
    ),
)
