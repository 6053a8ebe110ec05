"""Rules 2, 11 and 12, broken where a gateway goes on under another name."""

from __future__ import annotations

from tests.rules.edit import Edit

_REPLACED = "headoffice/redemptions/replaced.py"
_ANOTHERS = "headoffice/test_redeem.py::test_rule_2_what_was_not_begun_there_is_still_anothers"

REPLACED = (
    Edit(
        2,
        "a kiosk's rid is no gateway's own",
        _REPLACED,
        '    if connection.execute(_GATEWAY, {"requester": known.requester}).first() is None:',
        "    if not known.requester:",
        _ANOTHERS,
    ),
    Edit(
        2,
        "nor is that of a store for which it does not speak",
        _REPLACED,
        "    if store_for(connection, gateway, known.store) is None:",
        "    if not known.store:",
        _ANOTHERS,
    ),
    Edit(
        11,
        "the head office is shown no mark that counts the rids of another name",
        "gateway/journal.py",
        "            self._peers.pop(counted_by, None)",
        "            self._peers.get(counted_by)",
        "gateway/test_replaced.py::test_rule_11_a_head_office_is_shown_no_mark_that_counts_the_rids_of_another_name",
    ),
    Edit(
        12,
        "what a gateway's own counter began is ended by the gateway that replaces it",
        "headoffice/redemptions/replaced.py",
        "    return owner.repeat(as_begun(connection, gateway, ask, known), known)",
        "    return owner.repeat(ask, known)",
        "headoffice/test_redeem.py"
        "::test_rule_12_what_a_gateways_own_counter_began_is_ended_by_the_gateway_that_replaces_it",
    ),
    Edit(
        12,
        "a till ends at the new gateway what it began at the one before",
        "gateway/webcounter.py",
        "known.requester if known and self._standing.is_own(known.requester) else self.identity",
        "self.identity if known else self.identity",
        "gateway/test_replaced.py::test_rule_12_a_till_ends_at_the_new_gateway_what_it_began_at_the_one_before",
    ),
)
