"""Rules 4, 11 and 12, broken where vouchers are lent, and where books that were put back have forgotten that."""

from __future__ import annotations

from tests.rules.edit import Edit

_REDEMPTIONS = "headoffice/redemptions"
_RESTORED = "headoffice/test_leases_restored.py"

LEASES = (
    Edit(
        4,
        "the terms of a type stay as they are while it is lent",
        "headoffice/vouchers/types.py",
        "            require_not_lent(connection, type_id)\n",
        "            pass\n",
        "headoffice/test_leases.py::test_rule_4_the_terms_of_a_type_stay_as_they_are_while_it_is_lent",
    ),
    Edit(
        11,
        "books that were put back recall the leases which may have been given back since",
        f"{_REDEMPTIONS}/standing.py",
        ".values(recalled_at=at, recalled_by=by)",
        ".values(recalled_by=by)",
        f"{_RESTORED}::test_rule_11_a_lease_that_may_have_been_given_back_since_the_copy_is_recalled",
    ),
    Edit(
        11,
        "and uploads what was accepted under them until then",
        "gateway/headoffice.py",
        "        await self._journal.flush()\n",
        "",
        "gateway/test_leases_put_back.py"
        "::test_rule_11_a_lease_that_restored_books_have_forgotten_accepts_nothing_while_the_journal_is_uploaded",
    ),
    Edit(
        11,
        "no lease is taken back before the journal that tells what was accepted is there",
        f"{_REDEMPTIONS}/exchange.py",
        "ended = 0 if peer.wants_upload else",
        "ended = 0 if not peer.id else",
        f"{_RESTORED}::test_rule_11_no_lease_is_taken_back_before_the_journal_that_tells_what_was_accepted_is_there",
    ),
    Edit(
        11,
        "books stop that have forgotten the lease of what was accepted",
        f"{_REDEMPTIONS}/ledger.py",
        "                accepted.require_known(connection, peer, ask)\n",
        "                pass\n",
        f"{_RESTORED}::test_rule_11_books_stop_that_have_forgotten_the_lease_of_what_was_accepted",
    ),
    Edit(
        11,
        "restored ones too, where it was of their own generation",
        f"{_REDEMPTIONS}/accepted.py",
        ">= peer.books.generation:",
        "== 1 == peer.books.generation:",
        f"{_RESTORED}"
        "::test_rule_11_restored_books_stop_that_have_forgotten_a_lease_of_their_own_generation_and_no_other",
    ),
    Edit(
        11,
        "whatever keys were made, or revoked, since the copy",
        f"{_REDEMPTIONS}/seals.py",
        ".order_by(signing_keys.c.added_at, signing_keys.c.id)",
        ".order_by(signing_keys.c.added_at.desc(), signing_keys.c.id)",
        f"{_RESTORED}::test_rule_11_a_lease_is_known_by_a_copy_of_before_the_newest_key_and_whatever_was_revoked",
    ),
    Edit(
        11,
        "books that have forgotten that a lease has ended are older than its holder remembers",
        f"{_REDEMPTIONS}/exchange.py",
        "standing.advance(connection, peer, by=ended)",
        "standing.advance(connection, peer, by=0)",
        f"{_RESTORED}::test_rule_11_books_that_have_forgotten_that_a_lease_has_ended"
        "_are_older_than_its_holder_remembers",
    ),
    Edit(
        11,
        "what was accepted is driven before what nobody was told of",
        f"{_REDEMPTIONS}/uploads.py",
        "    return entry.intent.undoes is None, entry.answer is None or entry.answer.accepted is None",
        "    return entry.intent.undoes is None, True",
        f"{_RESTORED}::test_rule_11_what_was_accepted_has_its_use_before_what_nobody_was_told_of",
    ),
    Edit(
        11,
        "a gateway gives up the leases that restored books do not know before it uploads",
        "gateway/headoffice.py",
        "                await leases.met(answer, asked, self)\n"
        "                if answer.upload:\n"
        "                    await self.upload()\n",
        "                if answer.upload:\n"
        "                    await self.upload()\n"
        "                await leases.met(answer, asked, self)\n",
        "gateway/test_standing.py"
        "::test_rule_11_a_lease_that_a_restored_head_office_does_not_name_is_given_up_before_the_upload",
    ),
    Edit(
        11,
        "what was accepted and comes without an end is redeemed or a conflict",
        f"{_REDEMPTIONS}/driving.py",
        "        elif said is not None:\n",
        "        elif said is not None and entry.answer is None:\n",
        f"{_RESTORED}::"
        "test_rule_11_what_was_accepted_and_comes_without_an_end_is_a_conflict_where_somebody_has_its_use",
    ),
    Edit(
        11,
        "what was accepted under a lease that the books have lost is redeemed",
        f"{_REDEMPTIONS}/accepted.py",
        "        return Granted(length_s=math.inf, declared_lost=was_given_up(connection, said.gateway))\n",
        "        return None\n",
        f"{_RESTORED}::test_rule_11_what_was_accepted_under_a_lease_that_the_books_have_lost_is_redeemed",
    ),
    Edit(
        11,
        "one that comes without an end has its use before its voucher is changed",
        "headoffice/vouchers/issued.py",
        "    drive(connection, row.id, at)\n",
        "",
        "headoffice/test_restore.py::test_rule_11_a_rid_without_an_end_has_its_use_before_its_voucher_is_changed",
    ),
    Edit(
        11,
        "one that comes without an end has its use before its voucher is lent",
        f"{_REDEMPTIONS}/leases.py",
        "    drive_all(connection, of_type, at, wish.gateway)\n",
        "",
        f"{_RESTORED}::test_rule_11_a_rid_without_an_end_has_its_use_before_its_voucher_is_lent",
    ),
    Edit(
        12,
        "what was accepted stays in its lease's store, whoever brings it",
        f"{_REDEMPTIONS}/ledger.py",
        "        ask, store = accepted.at_home(connection, ask, store)\n",
        "",
        "headoffice/test_leases.py::test_rule_12_what_a_moved_kiosk_brings_is_in_the_store_where_it_was_accepted",
    ),
    Edit(
        11,
        "no lease accepts a use that was given back: books that were put back may have forgotten that",
        "gateway/leases.py",
        "            given_back=_numbers(answer for answer in answers.values() if answer.undone_by is not None),\n",
        "",
        "gateway/test_leases.py"
        "::test_rule_11_a_use_that_was_given_back_is_the_head_offices_to_give_while_others_are_accepted",
    ),
)
