"""The head office of a rehearsal, by its own API."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter


@dataclass(frozen=True)
class Headoffice:
    """The head office's own API."""

    counter: Counter
    headers: dict[str, str]

    def put_type(self, name: str, weekdays: list[str] | None = None, pieces: int | None = None, **terms: Any) -> None:
        """Put a type in force; ``weekdays`` that are said: all but today's."""
        if weekdays is not None:
            week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            now = datetime.now(UTC) + timedelta(hours=8)
            terms["weekdays"] = [week[(now.weekday() + away) % 7] for away in (3, 4)]
        self.good("PUT", f"types/{name}", {"author": "李经理", "title": "券", **terms})
        self.good("POST", f"types/{name}/approve", {"by": "王总"})
        if pieces is not None:
            self.good("PUT", f"types/{name}/stock/nanjing-lu", {"pieces": pieces})

    def records(self) -> list[dict[str, str]]:
        """Return the rows of the day's CSV."""
        said = self.counter.call("GET", "/api/v1/records.csv", headers=self.headers)
        return list(csv.DictReader(io.StringIO(said.body.decode("utf-8-sig"))))

    def good(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer that must be good; None where it says nothing."""
        said = self.counter.call(method, f"/api/v1/{path}", body, self.headers)
        assert said.status < 300, said.body
        return said.json if said.body else None
