"""A head office as a process: killed while it cannot send, and started again, it has lost no notice; and its verbs."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from cli.main import app
from headoffice.notices.carrier import Notices
from tests.headoffice.notices.carriers import SECRET, texting
from tests.headoffice.notices.conftest import NUMBER, SENTENCES, issue, names_number, notices, page_of, put_type
from tests.headoffice.outbox.receiver import served
from tests.headoffice.outbox.test_dispatcher import until
from tests.headoffice.process import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.notices.carriers import Texting
    from tests.headoffice.process import Running


def _call(office: Running, method: str, path: str, body: Any = None) -> Any:
    status, answer = office.api(method, path, body)
    assert status < 400, answer
    return json.loads(answer)


def test_killed_and_started_again_it_has_lost_no_notice(tmp_path: Path, free_port: Callable[[], int]) -> None:
    (tmp_path / "secret").write_text(SECRET)
    carrier_port, doors = free_port(), (free_port(), free_port())
    more: dict[str, Any] = {
        "notices.sms.url": f"http://127.0.0.1:{carrier_port}/",
        "notices.sms.key_id": "LTAI",
        "notices.sms.secret_file": str(tmp_path / "secret"),
        "notices.sms.sign": "核销咖啡",
        **{f"notices.sms.templates.zh.{one}": f"SMS_{one}" for one in SENTENCES},
    }

    def run() -> AbstractContextManager[Running]:
        return running(tmp_path, *doors, **more)

    agreed = {"agreed_at": datetime.now(UTC).isoformat(), "agreed_by": "收银台"}
    with run() as office:
        _call(office, "PUT", "/api/v1/types/latte", {"author": "李", "title": "拿铁", "notices": ["sms"]})
        _call(office, "POST", "/api/v1/types/latte/approve", {"by": "王"})
        for _ in range(5):
            _call(office, "POST", "/api/v1/vouchers", {"type": "latte", "notify": {"sms": NUMBER, **agreed}})
        until(lambda: any(row["tries"] for row in _call(office, "GET", "/api/v1/notices")))
        office.process.send_signal(signal.SIGKILL)
        office.process.wait()
    with served(texting(carrier_port)) as carrier, run() as office:
        until(lambda: all(row["state"] == "delivered" for row in _call(office, "GET", "/api/v1/notices")))
        known = {row["id"] for row in _call(office, "GET", "/api/v1/notices")}
        assert len(known) == 5
        assert {one["OutId"] for one in carrier.messages} == known

        config = ["-c", str(tmp_path / "headoffice.toml")]
        shown = CliRunner().invoke(app, ["headoffice", "notices", "list", "--channel", "sms", "--most", "2", *config])
        assert [json.loads(line)["occasion"] for line in shown.stdout.splitlines()] == ["issued", "issued"]
        assert not names_number(shown.stdout)
        tried = CliRunner().invoke(app, ["headoffice", "notices", "test", "sms", NUMBER, *config])
        assert tried.exit_code == 0, tried.output
        assert carrier.messages[-1]["values"]["title"] == "测试券"
        none = CliRunner().invoke(app, ["headoffice", "notices", "test", "email", "a@b.example", *config])
        assert (none.exit_code, "[notices.email]" in none.output) == (1, True)
    assert not names_number((tmp_path / "headoffice.log").read_text())


def test_what_was_under_way_when_a_process_died_another_sends(
    counter: Counter, database: Database, clock: Clock, carrier: Texting, texts: Callable[..., Any]
) -> None:
    put_type(counter)
    issue(counter)
    dead = Notices({}, page_of)
    assert len(database.write(lambda connection: dead.take(connection, "sms", 32, clock.at))) == 1
    with texts():
        clock.pass_by(timedelta(seconds=61))
        until(lambda: notices(database) == [("issued", "delivered")])
    assert len(carrier.messages) == 1
