"""What a camera can be shown and an address can be sent gets a clear answer and changes nothing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from simulator.phone import phone_png

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter


def test_a_picture_without_a_code_leaves_the_kiosk_idle(counter: Counter) -> None:
    kiosk = counter.kiosk()
    before = kiosk.state()
    kiosk.hold(phone_png())
    kiosk.clear()
    after = kiosk.state()
    assert (after["screen"], after["verdict"]) == (before["screen"], before["verdict"]) == ("idle", None)


def test_a_corrupt_jpeg_is_refused_and_the_camera_shows_what_it_showed(counter: Counter) -> None:
    kiosk = counter.kiosk()
    file = io.BytesIO()
    Image.effect_noise((400, 300), 80).save(file, format="JPEG")
    whole = file.getvalue()
    kiosk.show(counter.issue(title="还在")["qr_text"])
    kiosk.until_verdict("redeemable")
    for picture in (whole[: len(whole) // 3], b"\xff\xd8\xff\xe0 not a picture", b"", b"%PDF-1.7"):
        said = counter.call("PUT", f"{kiosk.path}/camera", picture)
        assert said.status == 400
        assert set(said.json) == {"error", "hint"}
    assert kiosk.state()["verdict"] == "redeemable"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/kiosks/till-9/state", None, 404),
        ("POST", "/api/kiosks/till-1/buttons/left", None, 404),
        ("POST", "/api/kiosks/till-1/buttons/ok?held_s=soon", None, 400),
        ("POST", "/api/kiosks/till-1/buttons/ok?held_s=-1", None, 400),
        ("PUT", "/api/kiosks/till-1/camera?fit=wide", b"", 400),
        ("POST", "/api/kiosks/till-1/power/off", None, 404),
        ("POST", "/api/links/kiosk-moon/cut", None, 404),
        ("POST", "/api/parts/till-1/kill", None, 404),
        ("POST", "/api/vouchers", b"no json", 400),
        ("POST", "/api/vouchers", [], 400),
        ("POST", "/api/vouchers", {"colour": "red"}, 400),
        ("POST", "/api/vouchers", {"stores": "nanjing-lu"}, 400),
        ("POST", "/api/vouchers", {"stores": ["Not An Id"]}, 400),
        ("POST", "/api/vouchers", {"kind": "lottery"}, 422),
        ("POST", "/api/vouchers", {"kind": "friend", "uses": 2}, 422),
        ("POST", "/api/vouchers", {"dynamic": True, "code": "600000000001"}, 422),
        ("POST", "/api/clerks", {"stores": "nanjing-lu"}, 400),
        ("POST", "/api/clerks", {"shift": "night"}, 422),
        ("POST", "/api/vouchers/NO-SUCH/withdraw", None, 404),
        ("POST", "/api/redemptions/0123/undo", None, 400),
        ("POST", "/api/redemptions/" + "0" * 32 + "/undo", None, 404),
        ("GET", "/nothing/here", None, 404),
        ("DELETE", "/api/books", None, 405),
    ],
)
def test_an_address_that_cannot_be_served_says_why_and_what_to_do(
    rehearsal: Counter, method: str, path: str, body: Any, status: int
) -> None:
    said = rehearsal.call(method, path, body)
    assert said.status == status, said.body
    assert set(said.json) == {"error", "hint"}
    assert said.json["error"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_foreign_web_page_cannot_use_the_counter(rehearsal: Counter, headers: dict[str, str]) -> None:
    assert rehearsal.call("POST", "/api/parts/broker/kill", headers=headers).status == 403
    assert rehearsal.good("GET", "/api/parts")["broker"] is not None
