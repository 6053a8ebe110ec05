"""A claim code on paper: the QR alone as SVG, PNG or PDF, and a sheet with words that a browser prints.

The sheet is a page of exactly the paper's size, its QR in vectors: what a browser prints or saves as PDF has the shop's
own fonts in it, Chinese ones too, without any of them being here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from headoffice.errors import NotFoundError
from headoffice.pages.html import PRIVATE, spoken
from headoffice.pages.qr import QUIET, qr_svg, symbol_of
from headoffice.pages.view import looks_told
from headoffice.pages.words import LABELS
from headoffice.vouchers.campaigns import find_campaign
from headoffice.vouchers.types import find_type

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.html import Html

_INCH_MM = 25.4
_POINTS_PER_INCH = 72


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of paper. A receipt's is as long as what stands on it; lengths in mm, quiet zone of the QR included."""

    width: int
    height: int | None
    code: int
    dots_per_inch: int = 300


#: Posters, flyers, and what a receipt printer prints (203 dots per inch, or a little less than its paper's width).
FORMS = {
    "a3": Form(297, 420, 180),
    "a4": Form(210, 297, 125),
    "a5": Form(148, 210, 85),
    "a6": Form(105, 148, 60),
    "80mm": Form(80, None, 56, 203),
    "58mm": Form(58, None, 42, 203),
}
_USUAL = "a4"


class Prints:
    """What a campaign's code is printed from. Whoever stands before the poster may have it, so nobody is asked who."""

    def __init__(self, office: Office, html: Html) -> None:
        self._office = office
        self._html = html

    def routes(self) -> list[Route]:
        """Return what is served."""
        at = "/lingquan/{campaign}/{source}"
        return [
            Route(f"{at}/code.{{kind:str}}", self.code),
            Route(f"{at}/print", self.sheet),
        ]

    def code(self, request: Request) -> Response:
        """Return the QR alone, as large as it is on that paper."""
        form = FORMS.get(request.query_params.get("form", _USUAL))
        draw = _KINDS.get(request.path_params["kind"])
        if form is None or draw is None or self._looks(request) is None:
            return Response(status_code=404, headers=PRIVATE)
        content, media = draw(self._text(request), form)
        return Response(content, 200, PRIVATE, media)

    def sheet(self, request: Request) -> Response:
        """Return a page to print: what is given away, and the code."""
        name = request.query_params.get("form", _USUAL)
        form, looks = FORMS.get(name), self._looks(request)
        if form is None or looks is None:
            return self._html.missing(request)
        code = qr_svg(self._text(request), LABELS[spoken(request)]["claim_qr"], form.code)
        values = {"qr": code, "form": form, "paper": name, "source": request.path_params["source"]}
        return self._html.page(request, "print.html", looks | values)

    def _text(self, request: Request) -> str:
        return self._office.claim(request.path_params["campaign"], request.path_params["source"])

    def _looks(self, request: Request) -> dict[str, object] | None:
        campaign, source = request.path_params["campaign"], request.path_params["source"]

        def look(connection: Connection) -> dict[str, object] | None:
            try:
                found = find_campaign(connection, campaign, source)
            except NotFoundError:
                return None
            return looks_told(find_type(connection, found.type), spoken(request))

        return self._office.database.read(look)


def _svg(text: str, form: Form) -> tuple[bytes, str]:
    return qr_svg(text, LABELS["zh"]["claim_qr"], form.code).encode(), "image/svg+xml"


def _png(text: str, form: Form) -> tuple[bytes, str]:
    symbol, file = symbol_of(text), io.BytesIO()
    dots = form.code / _INCH_MM * form.dots_per_inch
    # Whole dots a module, so that no module is wider than its neighbour.
    symbol.save(file, kind="png", border=QUIET, scale=int(dots / _modules(text)), dpi=form.dots_per_inch)
    return file.getvalue(), "image/png"


def _pdf(text: str, form: Form) -> tuple[bytes, str]:
    symbol, file = symbol_of(text), io.BytesIO()
    points = form.code / _INCH_MM * _POINTS_PER_INCH
    symbol.save(file, kind="pdf", border=QUIET, scale=points / _modules(text))
    return file.getvalue(), "application/pdf"


def _modules(text: str) -> int:
    return len(symbol_of(text).matrix) + 2 * QUIET


_KINDS = {"svg": _svg, "png": _png, "pdf": _pdf}
