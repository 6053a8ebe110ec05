"""What customers have redeemed by post, at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from headoffice.public import public_app
from tests.headoffice.asgi import Client
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    from headoffice.office import Office
    from tests.headoffice.counter import Counter
    from tests.headoffice.desk.browsing import Browsing

HOST = "http://vouchers.example"
ADDRESS = "上海市静安区南京西路 1 号 2 楼"


def test_the_desk_lists_what_is_to_be_sent_and_notes_who_sent_it(
    counter: Counter, office: Office, staff: Browsing, manager: Browsing, administrator: Browsing
) -> None:
    phone = Client(public_app(office), {"accept-language": "zh"})
    counter.put_type("tea", title="新茶礼盒", channels=["mail"])
    made = counter.api.post("/api/v1/vouchers", json={"type": "tea"}).raise_for_status().json()
    page, rid = str(made["page"]).removeprefix(HOST), new_rid()
    form = {"rid": rid, "terms": 1, "name": "王小明", "phone": "138 0013 8000", "address": ADDRESS}
    assert phone.post(f"{page}/post", content=urlencode(form).encode()).status_code == 303
    assert ADDRESS in staff.get("/parcels").text
    assert manager.get("/parcels").status_code == 403, "a store's manager sees no customer"
    assert staff.post("/parcels", rid=rid, carrier="").status_code == 409
    assert staff.post("/parcels", rid=rid, carrier="中通快递", number="ZT77").status_code == 303
    after = staff.get("/parcels").text
    assert "Nothing is to be sent" in after
    assert "中通快递 ZT77" in after
    assert "中通快递 ZT77" in phone.get(page).text
    assert "Sent by post" in administrator.get("/deeds").text
    assert '<option value="hexiao-online">Online</option>' in staff.get("/reports").text
    assert "新茶礼盒" in staff.get("/reports?store=hexiao-online").text
    assert "hexiao-online" not in manager.get("/reports").text
