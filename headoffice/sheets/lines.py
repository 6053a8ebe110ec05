"""What a line of each sheet holds."""

from headoffice.api.clerks import Number
from headoffice.api.fields import Code, Id, Model, Moment, Name
from headoffice.api.stores import StoreIn
from headoffice.staff.clerks import Role


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


class ClerkLine(Model):
    """A clerk, without the stores: ``bindings`` has them. A new one sets the PIN by a one-time code."""

    number: Number
    name: Name
    role: Role = Role.CLERK
    disabled: bool = False


class BindingLine(Model):
    """A clerk, and one of the stores where the clerk works."""

    clerk: str
    store: Id
