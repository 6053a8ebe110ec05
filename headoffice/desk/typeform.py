"""A voucher type as a form's fields, and back: money in yuan, moments in the chain's own time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headoffice.api.voucher_types import TypeIn
from headoffice.desk import shown
from headoffice.desk.moments import moment, written
from headoffice.desk.sums import fen
from headoffice.desk.words import LABELS
from protocol.records import yuan

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from headoffice.desk.visit import Form

_MONEY = ("value", "minimum", "price")
_MOMENTS = ("valid_from", "valid_until")
_TEXTS = ("title", "kind", "brand", "colour", "logo", "value_text", "details", "given")
_NUMBERS = ("rate", "uses", "valid_days", "early_minutes", "late_minutes", "remind_days")
_FLAGS = ("asks_amount",)
_LISTS = ("weekdays", "channels", "notices")
#: What is said of each field where a draft changes it; the word of ``words.LABELS``.
NAMES = {
    "title": "type_title",
    "value": "value_yuan",
    "minimum": "minimum_yuan",
    "price": "price_yuan",
    "stores": "where_valid",
    "hours": "hours_from",
}


def as_fields(type_id: str, made: TypeIn | None, zone: ZoneInfo) -> dict[str, Any]:
    """Return what a form shows of a type; of a new one where there is none."""
    shows = made or TypeIn.model_validate({"title": "-"})
    fields: dict[str, Any] = {"id": type_id}
    fields |= {name: getattr(shows, name) for name in (*_TEXTS, *_NUMBERS)}
    fields |= {name: yuan(getattr(shows, name)) for name in _MONEY}
    fields |= {name: "yes" if getattr(shows, name) else "" for name in _FLAGS}
    fields |= {name: written(getattr(shows, name), zone) for name in _MOMENTS}
    fields |= {name: [one.value for one in getattr(shows, name)] for name in _LISTS}
    hours = shows.hours
    fields |= {
        "hours_from": f"{hours.begin:%H:%M}" if hours else "",
        "hours_until": f"{hours.end:%H:%M}" if hours else "",
    }
    fields = {name: "" if value is None else value for name, value in fields.items()}
    return {**fields, "stores": shows.stores or [], "title": made.title if made else ""}


def read_type(form: Form, zone: ZoneInfo) -> TypeIn:
    """Return the type that a form describes; raise RefusedError, ValidationError."""
    given: dict[str, Any] = {name: form(name) for name in _TEXTS}
    given |= {name: form(name) for name in _NUMBERS if form(name)}
    given |= {name: fen(form(name)) for name in _MONEY}
    given |= {name: bool(form(name)) for name in _FLAGS}
    given |= {name: moment(form(name), zone) for name in _MOMENTS}
    given |= {name: form.every(name) for name in _LISTS}
    if form("hours_from") or form("hours_until"):
        given["hours"] = {"from": form("hours_from"), "until": form("hours_until")}
    return TypeIn.model_validate({**given, "stores": form.every("stores") or None})


def changes(before: TypeIn, after: TypeIn, lang: str) -> list[dict[str, str]]:
    """Return what a draft would change of the type in force, field by field, as a person reads it."""
    say = LABELS[lang]
    return [
        {
            "name": say[NAMES.get(name, name)],
            "before": _readable(name, getattr(before, name), lang),
            "after": _readable(name, getattr(after, name), lang),
        }
        for name in TypeIn.model_fields
        if getattr(before, name) != getattr(after, name)
    ]


def _readable(name: str, value: Any, lang: str) -> str:  # noqa: ANN401 - any field's
    if name == "stores":
        return LABELS[lang]["everywhere"] if value is None else ", ".join(value)
    if value is None or value == "":
        return "–"
    match name:
        case "logo":
            return LABELS[lang]["a_picture"]
        case "kind":
            return shown.kind(value, lang)
        case "hours":
            return f"{value.begin:%H:%M}–{value.end:%H:%M}"
        case _ if name in _FLAGS:
            return LABELS[lang]["asked" if value else "not_asked"]
        case _ if name in _MONEY:
            return shown.money(value)
        case _ if name in _LISTS:
            return ", ".join(shown.said(one, lang) for one in value)
        case _ if name in _MOMENTS:
            return shown.moment(value)
        case _:
            return str(value)
