"""Practice vouchers, and stores that are tried out before they go live (测试与上线)."""

from datetime import datetime
from typing import Any

from pydantic import Field

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import GivenReason, Id, Model, Name
from headoffice.desk.deeds import Deed, note
from headoffice.practice import checks, opening, vouchers
from headoffice.practice.checks import Check, Looked
from headoffice.practice.opening import StoreState

router = part_of_api("practice and go-live", prefix="/stores/{id}")


class By(Model):
    """Who does it; the book of deeds keeps it."""

    by: Name = Field(examples=["zhang.wei"])


class BackIn(By):
    """Who takes a store back to testing, and why."""

    reason: GivenReason


class CheckOut(Model):
    """One line of the self-check."""

    check: Looked
    ok: bool
    about: str = Field(description="Which kiosk, which version.")
    zh: str
    en: str
    do: tuple[str, str] | None = Field(description="What to do where it is not well, in Chinese and in English.")

    @classmethod
    def of(cls, check: Check) -> "CheckOut":
        """Return a line from what was found."""
        zh, en = checks.NAMES[check.looked]
        do = None if check.ok else checks.TO_DO[check.looked]
        return cls(check=check.looked, ok=check.ok, about=check.about, zh=zh, en=en, do=do)


class OpeningOut(Model):
    """How far a store is."""

    state: StoreState
    since: datetime | None = Field(description="Since when it is tried out; null where it is live.")
    checks: list[CheckOut] = Field(description="Empty where it is live.")


class PracticeOut(Model):
    """A practice voucher: nobody's money, counted by no book, good once and in its store alone."""

    id: str
    code: str = Field(description="What its QR holds.")
    typed: str = Field(description="What is typed where no camera reads that.", examples=["PPPP ABCD 2345"])
    store: Id
    until: datetime
    spent: bool
    history: list[dict[str, Any]] = Field(description="What has become of it, oldest first.")


@router.get("/opening", summary="How far a store is on its way to going live")
def get_opening(id: Id, here: TheOffice) -> OpeningOut:  # noqa: A002 - the path's own word
    """Check the store as it stands now."""

    def read(connection: Any) -> OpeningOut:  # noqa: ANN401 - of the database
        store = opening.found(connection, id)
        state = opening.state_of(store)
        tried = state is StoreState.TESTING
        found = opening.checked(connection, store, here.clock()) if tried else ()
        return OpeningOut(state=state, since=store["testing_since"], checks=[CheckOut.of(check) for check in found])

    return here.database.read(read)


@router.post("/live", summary="Set a store live (上线)")
def go_live(id: Id, who: By, here: TheOffice) -> OpeningOut:  # noqa: A002
    """Let a store redeem customers' vouchers; 409 names what of its check has not passed."""
    here.database.write(lambda connection: opening.go_live(connection, id, who.by, here.clock()))
    return get_opening(id, here)


@router.post("/testing", summary="Take a store back to testing (测试中)")
def back_to_testing(id: Id, word: BackIn, here: TheOffice) -> OpeningOut:  # noqa: A002
    """Let a store redeem practice vouchers only, from now on; it is checked anew."""
    at = here.clock()
    here.database.write(lambda connection: opening.back_to_testing(connection, id, word.by, word.reason, at))
    return get_opening(id, here)


@router.post("/practice", status_code=201, summary="Make a practice voucher (练习券)")
def practise(id: Id, who: By, here: TheOffice) -> PracticeOut:  # noqa: A002
    """Make a practice voucher for this store, live or not: to train a clerk, or to try the store out."""

    def make(connection: Any) -> vouchers.Made:  # noqa: ANN401 - of the database
        made = vouchers.make(connection, id, who.by, here.clock())
        note(connection, here.clock(), who.by, Deed.PRACTISE, id)
        return made

    made = here.database.write(make)
    known = {"id": made.id, "code": made.code, "typed": vouchers.typed(made.code), "store": made.store}
    return PracticeOut(**known, until=made.until, spent=False, history=[])


@router.get("/practice", summary="A store's newest practice vouchers")
def practised(id: Id, here: TheOffice) -> list[PracticeOut]:  # noqa: A002
    """List them, the newest first, with what has become of each."""

    def read(connection: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - of the database
        opening.found(connection, id)
        return vouchers.newest(connection, id)

    return [PracticeOut(**{name: row[name] for name in PracticeOut.model_fields}) for row in here.database.read(read)]
