"""A type, and every change of one, is in force once somebody else than its author has approved it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.vocabulary import Verdict
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from tests.headoffice.asgi import Reply
    from tests.headoffice.counter import Counter

RACES = 12


def _put(counter: Counter, **wanted: Any) -> Reply:
    return counter.api.put("/api/v1/types/lunch", {"author": "李经理", "title": "午餐", **wanted})


def _approve(counter: Counter, by: str = "王总") -> Reply:
    return counter.api.post("/api/v1/types/lunch/approve", {"by": by})


def _reject(counter: Counter, by: str = "王总", reason: str = "标题太短") -> Reply:
    return counter.api.post("/api/v1/types/lunch/reject", {"by": by, "reason": reason})


def test_nothing_is_issued_of_a_draft(counter: Counter) -> None:
    put = _put(counter, minimum=100)
    assert put.status_code == 202
    assert put.json()["state"] == "reviewing"
    assert put.json()["type"]["minimum"] == 100
    assert counter.api.get("/api/v1/drafts").json() == [put.json()]
    assert counter.api.get("/api/v1/types").json() == []
    assert counter.api.post("/api/v1/vouchers", {"type": "lunch"}).status_code == 404
    assert _approve(counter).json()["state"] == "approved"
    assert counter.api.get("/api/v1/drafts").json() == []
    assert counter.redeem(counter.issue(type="lunch")).verdict is Verdict.REDEEMED


def test_its_author_neither_approves_nor_rejects_it(counter: Counter) -> None:
    _put(counter, author="Li Na")
    for by in ("Li Na", " li na "):
        answers = _approve(counter, by), _reject(counter, by)
        assert [answer.status_code for answer in answers] == [409, 409]
        assert "somebody else" in answers[0].json()["hint"]
    assert counter.api.get("/api/v1/types").json() == []


def test_a_rejected_one_says_why_and_may_be_submitted_again(counter: Counter) -> None:
    _put(counter)
    rejected = _reject(counter).json()
    assert (rejected["state"], rejected["decided_by"], rejected["reason"]) == ("rejected", "王总", "标题太短")
    assert _approve(counter).status_code == 409
    again = _put(counter, title="工作日午餐").json()
    assert (again["state"], again["decided_by"], again["reason"]) == ("reviewing", None, None)
    assert _approve(counter).json()["title"] == "工作日午餐"


def test_a_rejection_needs_a_reason_and_a_decision_a_draft(counter: Counter) -> None:
    assert (_approve(counter).status_code, _reject(counter).status_code) == (404, 404)
    _put(counter)
    assert _reject(counter, reason="").status_code == 422


def test_a_change_counts_for_nobody_before_it_is_approved(counter: Counter) -> None:
    counter.put_type("lunch", title="午餐")
    code = counter.issue(type="lunch")
    _put(counter, weekdays=["mon"])
    assert counter.look(code).verdict is Verdict.REDEEMABLE
    assert counter.look(code).terms == 1
    _approve(counter)
    assert counter.look(code).verdict is Verdict.NOT_NOW
    assert counter.look(code).terms == 2


def test_of_an_approval_and_a_rejection_that_meet_exactly_one_counts(counter: Counter) -> None:
    for _ in range(RACES):
        _put(counter)
        approved, rejected = race(
            lambda: _approve(counter, "王总").status_code == 200, lambda: _reject(counter, "赵总").status_code == 200
        )
        assert approved is not rejected
