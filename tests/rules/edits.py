"""Every edit there is."""

from __future__ import annotations

from tests.rules.counter_rules import COUNTER
from tests.rules.first_rules import FIRST
from tests.rules.http_rules import HTTP
from tests.rules.last_rules import LAST
from tests.rules.lease_rules import LEASES
from tests.rules.replaced_rules import REPLACED
from tests.rules.transaction_rules import TRANSACTIONS

EDITS = tuple(sorted(FIRST + LAST + COUNTER + HTTP + LEASES + TRANSACTIONS + REPLACED, key=lambda edit: edit.rule))
