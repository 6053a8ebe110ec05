"""One presentation, one report: scripts of frames, and sequences that Hypothesis makes up."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from device.scan.codes import Code, quad_around
from device.scan.glimpse import Glimpse, glimpse
from device.scan.presence import Appeared, Gone, Several, Tracker
from device.scan.symbologies import Symbology

from .drawing import before_camera, counter, qr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.scan.presence import Happening

FRAME_S = 1 / 15
MIDDLE, LEFT, RIGHT, FAR = (540, 380), (200, 380), (880, 380), (20, 20)


def code(text: str, at: tuple[int, int] = MIDDLE, kind: Symbology = Symbology.QR_CODE) -> Code:
    x, y = at
    return Code(text, text.encode(), kind, quad_around([(x + 32, y + 32), (x + 200, y + 200)]))


@cache
def view(*shown: tuple[str, tuple[int, int]], shift: int = 0) -> Glimpse:
    """Return the glimpse of a frame with codes at places, all shifted by a few pixels."""
    frame = (
        before_camera(*(qr(text, scale=8) for text, _ in shown), at=tuple(at for _, at in shown))
        if shown
        else counter()
    )
    return glimpse(np.roll(frame, shift, axis=1))


class Counter:
    """A tracker with its clock, and what it has said."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.now = 100.0
        self.said: list[Happening] = []

    def frames(self, seconds: float, codes: Iterable[Code], seen: Glimpse) -> list[Happening]:
        """Let frames pass that all look the same and yield the same codes; return what was said meanwhile."""
        before = len(self.said)
        for _ in range(round(seconds / FRAME_S)):
            self.said += self.tracker.update(list(codes), seen, self.now)
            self.now += FRAME_S
        return self.said[before:]


def test_a_code_is_reported_in_its_first_frame_and_once() -> None:
    counter_ = Counter()
    shown = view(("A", MIDDLE))
    assert counter_.frames(FRAME_S, [code("A")], shown) == [Appeared(code("A"))]
    assert counter_.frames(30, [code("A")], shown) == []


def test_a_code_that_is_taken_away_is_gone_once_and_can_come_again_within_a_second() -> None:
    counter_ = Counter()
    counter_.frames(0.5, [code("A")], view(("A", MIDDLE)))
    assert counter_.frames(1.0, [], view()) == [Gone()]
    assert counter_.frames(5.0, [], view()) == []
    assert counter_.frames(0.5, [code("A")], view(("A", MIDDLE))) == [Appeared(code("A"))]


def test_a_phone_held_still_that_reads_now_and_then_is_one_presentation() -> None:
    counter_ = Counter()
    for pause_s, shake in ((0.3, 4), (0.6, 4), (1.0, 4), (2.5, 4), (4.0, 1), (8.0, 1)):
        counter_.frames(FRAME_S, [code("A")], view(("A", MIDDLE)))
        for step in range(round(pause_s / FRAME_S)):
            counter_.frames(FRAME_S, [], view(("A", MIDDLE), shift=step % shake))
    assert counter_.said == [Appeared(code("A"))]


def test_another_code_in_its_place_replaces_it_at_once_and_back_again() -> None:
    counter_ = Counter()
    for text in ("A", "B", "A"):
        assert counter_.frames(0.3, [code(text)], view((text, MIDDLE))) == [Appeared(code(text))]


def test_another_code_elsewhere_replaces_one_that_was_taken_away() -> None:
    counter_ = Counter()
    counter_.frames(0.5, [code("A", LEFT)], view(("A", LEFT)))
    assert counter_.frames(0.3, [code("B")], view(("B", MIDDLE))) == [Appeared(code("B"))]
    assert counter_.frames(0.3, [code("A", LEFT)], view(("A", LEFT))) == [Appeared(code("A", LEFT))]


def test_two_codes_that_are_read_in_turn_do_not_replace_one_another_again_and_again() -> None:
    counter_ = Counter()
    both = view(("A", LEFT), ("B", RIGHT))
    for _ in range(20):
        counter_.frames(FRAME_S, [code("A", LEFT)], both)
        counter_.frames(FRAME_S, [code("B", RIGHT)], both)
    assert counter_.said == [Appeared(code("A", LEFT)), Several()]


def test_of_two_codes_the_one_nearest_the_middle_is_meant() -> None:
    counter_ = Counter()
    codes = [code("far", FAR), code("near")]
    assert counter_.frames(1.0, codes, view(("far", FAR), ("near", MIDDLE))) == [Appeared(code("near"))]


def test_beside_a_code_that_is_no_voucher_the_voucher_is_meant_wherever_it_lies() -> None:
    follow, pay = "https://weixin.qq.com/r/abc", "134567890123456789"
    for other in (follow, pay):
        counter_ = Counter()
        codes = [code(other), code("voucher", FAR)]
        assert counter_.frames(1.0, codes, view((other, MIDDLE), ("voucher", FAR))) == [Appeared(code("voucher", FAR))]


def test_of_codes_of_which_none_is_a_voucher_the_nearest_the_middle_is_meant() -> None:
    follow, pay = "https://weixin.qq.com/r/abc", "134567890123456789"
    counter_ = Counter()
    codes = [code(follow), code(pay, FAR)]
    assert counter_.frames(1.0, codes, view((follow, MIDDLE), (pay, FAR))) == [Appeared(code(follow))]


def test_two_vouchers_beside_a_third_code_are_still_several() -> None:
    counter_ = Counter()
    follow = "https://u.wechat.com/abc"
    codes = [code(follow), code("A", LEFT), code("B", RIGHT)]
    assert counter_.frames(1.0, codes, view((follow, MIDDLE), ("A", LEFT), ("B", RIGHT))) == [Several()]


def test_where_one_of_two_went_and_came_back_they_are_several_again() -> None:
    counter_ = Counter()
    codes, both = [code("A", LEFT), code("B", RIGHT)], view(("A", LEFT), ("B", RIGHT))
    assert counter_.frames(1.0, codes, both) == [Several()]
    assert counter_.frames(30.0, codes, both) == []
    counter_.frames(1.0, [], view(("A", LEFT)))
    assert counter_.frames(1.0, codes, both) == [Several()]


def test_two_codes_side_by_side_are_several_until_one_is_left() -> None:
    counter_ = Counter()
    codes = [code("A", LEFT), code("B", RIGHT)]
    assert counter_.frames(1.0, codes, view(("A", LEFT), ("B", RIGHT))) == [Several()]
    assert counter_.frames(1.0, codes[:1], view(("A", LEFT))) == [Appeared(codes[0])]
    assert counter_.frames(1.0, [], view()) == [Gone()]


def test_of_two_that_are_taken_away_none_is_reported_as_the_one_that_is_left() -> None:
    counter_ = Counter()
    codes = [code("A", LEFT), code("B", RIGHT)]
    counter_.frames(1.0, codes, view(("A", LEFT), ("B", RIGHT)))
    counter_.frames(0.2, codes[:1], view(("A", LEFT), ("B", RIGHT)))
    assert counter_.frames(2.0, [], view()) == [Gone()]


def test_the_one_that_is_left_of_several_is_reported_even_if_it_was_before() -> None:
    counter_ = Counter()
    codes = [code("A", LEFT), code("B", RIGHT)]
    counter_.frames(1.0, codes[:1], view(("A", LEFT)))
    counter_.frames(1.0, codes, view(("A", LEFT), ("B", RIGHT)))
    counter_.frames(1.0, codes[:1], view(("A", LEFT)))
    assert counter_.said == [Appeared(codes[0]), Several(), Appeared(codes[0])]


def test_a_code_that_lies_in_view_all_day_does_not_push_a_result_away() -> None:
    counter_ = Counter()
    poster = code("poster", FAR)
    assert counter_.frames(1.0, [poster], view(("poster", FAR))) == [Appeared(poster)]
    assert counter_.frames(1.0, [poster, code("A")], view(("poster", FAR), ("A", MIDDLE))) == [Appeared(code("A"))]
    assert counter_.frames(5.0, [poster], view(("poster", FAR))) == [Gone()]
    assert counter_.frames(1.0, [poster, code("A")], view(("poster", FAR), ("A", MIDDLE))) == [Appeared(code("A"))]


def test_a_code_to_pay_by_that_lies_in_view_all_day_does_not_count_as_held_up() -> None:
    counter_ = Counter()
    pay = code("wxp://f2f0abc", FAR)
    counter_.frames(1.0, [pay], view(("pay", FAR)))
    assert not counter_.tracker.occupied
    counter_.frames(1.0, [pay, code("A")], view(("pay", FAR), ("A", MIDDLE)))
    assert counter_.tracker.occupied


def test_the_same_payload_twice_is_one_code() -> None:
    counter_ = Counter()
    twice = [code("A", LEFT), code("A", RIGHT, Symbology.CODE_128)]
    (happening,) = counter_.frames(1.0, twice, view(("A", LEFT), ("A", RIGHT)))
    assert isinstance(happening, Appeared)


def test_bars_count_when_two_frames_agree() -> None:
    counter_ = Counter()
    bars = code("690", kind=Symbology.EAN_13)
    assert counter_.frames(FRAME_S, [bars], view(("A", MIDDLE))) == []
    assert not counter_.tracker.certain
    assert counter_.frames(FRAME_S, [bars], view(("A", MIDDLE))) == [Appeared(bars)]


def test_one_wrong_read_of_bars_changes_nothing() -> None:
    counter_ = Counter()
    right, wrong = code("690", kind=Symbology.EAN_13), code("960", kind=Symbology.EAN_13)
    shown = view(("A", MIDDLE))
    counter_.frames(1.0, [right], shown)
    assert counter_.frames(FRAME_S, [wrong], shown) == []
    assert counter_.frames(1.0, [right], shown) == []
    assert counter_.frames(2.0, [], view()) == [Gone()]


def test_a_code_that_is_shown_again_is_said_again_beside_bars_that_were_read_once() -> None:
    counter_ = Counter()
    stray, both, alone = code("690", FAR, Symbology.EAN_13), view(("A", MIDDLE), ("690", FAR)), view(("690", FAR))
    counter_.frames(1.0, [code("A")], view(("A", MIDDLE)))
    counter_.frames(FRAME_S, [code("A"), stray], both)
    assert counter_.frames(2.0, [], alone) == [Gone()]
    assert counter_.frames(FRAME_S, [code("A")], both) == [Appeared(code("A"))]
    assert counter_.frames(20.0, [code("A")], both) == []


def test_a_code_that_is_shown_again_is_said_at_once_beside_a_poster_that_is_not_read_just_then() -> None:
    counter_ = Counter()
    poster, both, alone = code("https://qr.alipay.com/fkx123", FAR), view(("P", FAR), ("A", MIDDLE)), view(("P", FAR))
    counter_.frames(1.0, [poster], alone)
    assert counter_.frames(1.0, [poster, code("A")], both) == [Appeared(code("A"))]
    assert counter_.frames(2.0, [], alone) == [Gone()]
    assert counter_.frames(FRAME_S, [code("A")], both) == [Appeared(code("A"))]
    assert counter_.frames(2.0, [poster], alone) == [Gone()]


def test_while_something_moves_in_its_place_a_code_is_given_longer() -> None:
    counter_ = Counter()
    counter_.frames(1.0, [code("A")], view(("A", MIDDLE)))
    waving = [view(), view(("B", MIDDLE))]
    for frame in range(round(1.8 / FRAME_S)):
        assert counter_.frames(FRAME_S, [], waving[frame % 2]) == []
    assert counter_.frames(0.5, [], view()) == [Gone()]


def test_a_code_that_is_never_read_again_is_gone_in_the_end() -> None:
    counter_ = Counter()
    counter_.frames(1.0, [code("A")], view(("A", MIDDLE)))
    assert counter_.frames(9.0, [], view(("A", MIDDLE))) == []
    assert counter_.frames(2.0, [], view(("A", MIDDLE))) == [Gone()]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=100))
def test_a_phone_held_before_the_camera_is_reported_at_most_once(reads: list[tuple[bool, int]]) -> None:
    counter_ = Counter()
    for read, shift in reads:
        counter_.frames(FRAME_S, [code("A")] if read else [], view(("A", MIDDLE), shift=shift))
    assert counter_.said == ([Appeared(code("A"))] if any(read for read, _ in reads) else [])


SCENES: dict[str, tuple[Callable[[], Glimpse], list[Code]]] = {
    "": (view, []),
    "A": (lambda: view(("A", MIDDLE)), [code("A")]),
    "B": (lambda: view(("B", MIDDLE)), [code("B")]),
    "A moved": (lambda: view(("A", LEFT)), [code("A", LEFT)]),
    "A unread": (lambda: view(("A", MIDDLE)), []),
    "A and B": (lambda: view(("A", LEFT), ("B", RIGHT)), [code("A", LEFT), code("B", RIGHT)]),
    "A, and B unread": (lambda: view(("A", LEFT), ("B", RIGHT)), [code("A", LEFT)]),
}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(sorted(SCENES)), st.sampled_from((1, 2, 5, 12, 30))), max_size=12))
def test_reports_alternate_sensibly_whatever_happens(script: list[tuple[str, int]]) -> None:
    counter_ = Counter()
    for scene, frames in script:
        see, codes = SCENES[scene]
        for happening in counter_.frames(frames * FRAME_S, codes, see()):
            if isinstance(happening, Appeared):
                assert happening.code.text
                assert happening.code.text in scene
    for earlier, later in pairwise(counter_.said):
        # Several is said again where one of them went and came back, as it is where another came instead.
        assert earlier != later or later == Several(), "the same thing was said twice in a row"
    assert not isinstance(next(iter(counter_.said), None), Gone)
    counter_.frames(2.5, [], view())
    assert not counter_.said or counter_.said[-1] == Gone()
    assert counter_.frames(0.2, [code("A")], view(("A", MIDDLE))) == [Appeared(code("A"))]
