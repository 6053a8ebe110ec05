"""What a line of each sheet holds."""

from headoffice.api.fields import Code, Id, Model, Moment
from headoffice.api.stores import StoreIn


class CodeLine(Model):
    """A voucher to issue, with a code that is given."""

    code: Code
    type: Id
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    booked_for: Moment | None = None
    paid: bool = True


class StoreLine(StoreIn):
    """A store."""

    id: Id


class BindingLine(Model):
    """A clerk, and one of the stores where the clerk works."""

    clerk: str
    store: Id
