"""Signed vouchers: issued with a key that lies beside the books, shown, read by the kiosk's own eyes, redeemed."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from device.scan.pipeline import build_pipeline
from gateway.keys import is_signed
from headoffice.errors import StartError
from headoffice.pages.qr import QUIET, qr_svg
from headoffice.vouchers.signing import make_signer, register_key, revoke_key, signer_in, valid_keys
from protocol.signed import LENGTH, read_signed
from protocol.upstream import AskHello, Met
from protocol.values import replace
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import client_of, opened_counter

if TYPE_CHECKING:
    from pathlib import Path

    from headoffice.office import Office
    from headoffice.vouchers.signing import Signer
    from tests.headoffice.asgi import Client
    from tests.headoffice.counter import Clock, Counter


@pytest.fixture
def signing(office: Office, signer: Signer, clock: Clock) -> Counter:
    """Return a counter whose head office has a key."""
    office = dataclasses.replace(office, signer=signer)
    return opened_counter(client_of(office), office, clock)


def test_a_signed_voucher_is_its_own_id_signed_and_redeems_like_any_other(signing: Counter, signer: Signer) -> None:
    code = signing.issue(title="拿铁一杯", signed=True)
    read = read_signed(code)
    assert read is not None
    assert len(code) == LENGTH
    assert is_signed(read, [signer.public])
    answer = signing.redeem(code)
    assert (answer.verdict, answer.voucher) == (Verdict.REDEEMED, read.voucher)
    assert signing.look(code).verdict is Verdict.ALREADY_REDEEMED


def test_a_code_with_another_signature_is_no_voucher_although_its_id_is_one(signing: Counter, signer: Signer) -> None:
    read = read_signed(signing.issue(title="拿铁一杯", signed=True))
    assert read is not None
    forged = replace(read, signature=bytes(reversed(read.signature)))
    assert signing.look(forged.text).verdict is Verdict.UNKNOWN_CODE


def test_its_qr_is_small_enough_and_the_kiosks_own_readers_read_it(signing: Counter) -> None:
    code = signing.issue(title="拿铁一杯", signed=True)
    svg = qr_svg(code, "code")
    found = re.search(r'viewBox="0 0 (\d+) ', svg)
    assert found
    side = int(found[1])
    assert side - 2 * QUIET <= 41  # version 6
    picture = np.full((side, side), 255, np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        picture[int(y), int(x) : int(x) + int(length)] = 0
    frame = np.kron(picture, np.ones((4, 4), np.uint8))
    assert [found.text for found in build_pipeline().read_all(frame)] == [code]


def test_the_customers_page_shows_its_qr_and_of_its_text_the_tail_alone(signing: Counter) -> None:
    issued = signing.api.post("/api/v1/vouchers", json={"title": "拿铁一杯", "signed": True}).json()
    page = signing.api.get(issued["page"].removeprefix("http://vouchers.example")).text
    assert f"…{issued['code'][-4:]}" in page
    assert issued["code"] not in page


def test_without_a_key_nothing_signed_is_issued_and_the_answer_says_how_to_make_one(counter: Counter) -> None:
    answer = counter.api.post("/api/v1/vouchers", json={"title": "拿铁一杯", "signed": True})
    assert answer.status_code == 409
    assert "hexiao headoffice key make" in answer.json()["hint"]


@pytest.mark.parametrize("code", ["HX:anything", "600000000001"])
def test_nobody_chooses_the_code_of_a_signed_voucher(signing: Counter, code: str) -> None:
    answer = signing.api.post("/api/v1/vouchers", json={"title": "拿铁一杯", "signed": True, "code": code})
    assert answer.status_code == 422


@pytest.mark.parametrize("wanted", [{"kind": "friend"}, {"dynamic": True}])
def test_a_voucher_whose_code_changes_is_not_signed(signing: Counter, wanted: dict[str, object]) -> None:
    assert signing.api.post("/api/v1/vouchers", json={**wanted, "signed": True}).status_code == 422


def test_no_plain_voucher_has_a_code_that_looks_signed(counter: Counter) -> None:
    answer = counter.api.post("/api/v1/vouchers", json={"title": "拿铁一杯", "code": "HX:ABC"})
    assert (answer.status_code, answer.json()["error"]) == (422, "refused")
    assert "signed" in answer.json()["hint"]


def test_gateways_are_told_the_keys_that_are_good_and_a_revoked_one_signs_nothing_more(
    signing: Counter, signer: Signer, office: Office, api: Client, clock: Clock
) -> None:
    def told() -> tuple[str, ...]:
        met = signing.ledger.answer(signing.gateway, AskHello())
        assert isinstance(met, Met)
        return tuple(key.id for key in met.keys)

    assert told() == (signer.public.id,)
    clock.pass_by(timedelta(hours=1))
    office.database.write(lambda connection: revoke_key(connection, signer.public.id, "Li Wei", "stolen", clock()))
    assert told() == ()
    answer = signing.api.post("/api/v1/vouchers", json={"title": "拿铁一杯", "signed": True})
    assert answer.status_code == 409


def test_the_file_is_its_owners_alone_and_one_that_is_no_key_is_not_overlooked(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing.key"
    assert signer_in(path) is None
    made = make_signer(path)
    assert path.stat().st_mode & 0o777 == 0o600
    found = signer_in(path)
    assert found is not None
    assert found.public == made.public
    path.write_text("no key")
    with pytest.raises(StartError, match="cannot be read"):
        signer_in(path)


def test_the_commands_make_list_and_revoke_keys(tmp_path: Path, sqlite_url: str) -> None:
    config = tmp_path / "headoffice.toml"
    upstream = '[upstream]\ncertificate = "c"\nkey = "k"\nauthority = "a"\n'
    config.write_text(f'data = "{tmp_path}"\ndatabase_url = "{sqlite_url}"\n{upstream}')
    command = CliRunner()

    def key(*arguments: str) -> str:
        done = command.invoke(app, ["headoffice", "key", *arguments, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done.output

    key("make")
    first = signer_in(tmp_path / "signing.key")
    key("make")
    second = signer_in(tmp_path / "signing.key")
    assert first is not None
    assert second is not None
    key("revoke", first.public.id, "--why", "its disk was sold", "--by", "Li Wei")
    listed = key("list")
    assert re.search(rf"{first.public.id} .* revoked .* by Li Wei: its disk was sold", listed)
    assert re.search(rf"{second.public.id} .* good", listed)
    assert "PRIVATE" not in listed
    twice = command.invoke(app, ["headoffice", "key", "revoke", first.public.id, "--why", "x", "-c", str(config)])
    assert twice.exit_code == 1


def test_valid_keys_come_oldest_id_first_and_without_the_revoked(office: Office, tmp_path: Path, clock: Clock) -> None:
    made = [make_signer(tmp_path / f"{name}.key").public for name in "abc"]

    def books() -> list[str]:
        return [key.id for key in office.database.read(valid_keys)]

    for public in made:
        office.database.write(partial(register_key, key=public, at=clock()))
    office.database.write(lambda connection: revoke_key(connection, made[1].id, "Li Wei", "lost", clock()))
    assert books() == sorted((made[0].id, made[2].id))
