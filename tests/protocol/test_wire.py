"""Messages, topics, the classifier and the vocabulary."""

from __future__ import annotations

import contextlib
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec, topics
from protocol.ids import code_hash, code_tail, rid_from
from protocol.messages import Answer, Confirm, Hello, Intent, Look, Method, Offered, Presence, Resolve
from protocol.vocabulary import PHRASES, UNDECIDED, Colour, Verdict

INTENT = Intent(rid="ab" * 16, code="600000000001", offer="sealed")


def test_a_message_survives_the_wire() -> None:
    confirm = Confirm(intent=INTENT, gen=2, seq=17)
    assert codec.from_kiosk(codec.encode(confirm)) == confirm


def test_unknown_fields_are_ignored_so_that_versions_can_meet() -> None:
    raw = msgspec.json.decode(codec.encode(Hello(boot="b1")))
    raw["weather"] = "fine"
    assert codec.from_kiosk(msgspec.json.encode(raw)) == Hello(boot="b1")


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b"\xff\xfe", "not a message"),
        (b"{", "not a message"),
        (b"[]", "not a message"),
        (b'{"type":"sing"}', "sing"),
        (b'{"type":"confirm","intent":{"rid":"xyz"}}', "$.intent.rid"),
        (b'{"type":"confirm","intent":{"rid":"' + b"ab" * 16 + b'\\n"}}', "$.intent.rid"),
        (b'{"type":"look","look":1,"boot":"b","code":""}', "$.code"),
        (b'{"type":"hello","boot":"' + b"b" * codec.LARGEST_MESSAGE + b'"}', "at most"),
    ],
)
def test_what_is_no_message_is_refused_with_the_place(payload: bytes, word: str) -> None:
    with pytest.raises(codec.MessageError) as caught:
        codec.from_kiosk(payload)
    assert word in str(caught.value)


@pytest.mark.parametrize("method", Method)
def test_of_how_a_code_came_a_kiosk_may_say_only_what_happens_at_one(method: Method) -> None:
    intent = msgspec.structs.replace(INTENT, method=method)
    for said in (Look(look=1, boot="b", code="1", method=method), Confirm(intent=intent), Resolve(intent=intent)):
        if method in {Method.SCAN, Method.TYPED}:
            assert codec.from_kiosk(codec.encode(said)) == said
        else:
            with pytest.raises(codec.MessageError, match=f"not a kiosk's: the method {method}"):
                codec.from_kiosk(codec.encode(said))


def test_a_newer_message_says_what_to_update() -> None:
    with pytest.raises(codec.VersionError, match="update it") as caught:
        codec.from_kiosk(b'{"type":"hello","v":99,"boot":"b"}')
    assert caught.value.version == 99


def test_a_kiosk_is_not_answered_in_the_gateways_words() -> None:
    with pytest.raises(codec.MessageError):
        codec.from_gateway(codec.encode(Hello(boot="b1")))


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_a_message_or_its_error(payload: bytes) -> None:
    for decode in (codec.from_kiosk, codec.from_gateway, codec.presence, codec.upstream_request, codec.upstream_answer):
        with contextlib.suppress(codec.MessageError):
            decode(payload)


def test_every_message_has_one_topic_and_only_presence_is_retained() -> None:
    placed = [message for topic in topics.TOPICS for message in topic.messages]
    assert len(placed) == len(set(placed))
    assert {Look, Confirm, Hello, Offered, Answer, Presence} <= set(placed)
    assert [topic.name for topic in topics.TOPICS if topic.retain] == ["presence"]


@pytest.mark.parametrize(
    ("topic", "identity"),
    [
        ("hexiao/v1/till-1/request", "till-1"),
        ("hexiao/v1/till-1", None),
        ("hexiao/v1/till-1/request/more", None),
        ("hexiao/v2/till-1/request", None),
        ("other/v1/till-1/request", None),
    ],
)
def test_the_identity_is_read_from_our_topics_only(topic: str, identity: str | None) -> None:
    assert topics.identity_in(topic) == identity


def test_every_verdict_has_its_phrase_in_both_languages() -> None:
    assert set(PHRASES) == set(Verdict)
    for verdict, phrase in PHRASES.items():
        assert phrase.zh, verdict
        assert phrase.en, verdict
        assert len(phrase.zh) <= 4, verdict
        assert len(phrase.en) <= 4, verdict


def test_every_line_of_a_phrase_fits_the_panel_at_sixteen_pixels() -> None:
    for verdict, phrase in PHRASES.items():
        for line in phrase.zh + phrase.en:
            width = sum(16 if unicodedata.east_asian_width(letter) in "WFA" else 8 for letter in line)
            assert width <= 128, (verdict, line)


def test_green_is_shown_for_redeemed_and_nothing_else() -> None:
    green = {verdict for verdict, phrase in PHRASES.items() if phrase.light.colour is Colour.GREEN}
    assert green == {Verdict.REDEEMED}
    assert Verdict.REDEEMED not in UNDECIDED


def test_ids() -> None:
    assert rid_from(bytes(range(16))) == "000102030405060708090a0b0c0d0e0f"
    with pytest.raises(ValueError, match="16 random bytes"):
        rid_from(b"short")
    assert code_tail("600000000001") == "0001"
    assert code_tail("60000000\n01\t") == "·01·"
    assert code_hash("600000000001", b"a") != code_hash("600000000001", b"b")
