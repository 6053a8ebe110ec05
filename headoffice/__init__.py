"""The head office: owner of vouchers, stores, clerks and the ledger; HTTP API for the chain; page for the customer.

All truth is in the database, so any number of these processes may run over one PostgreSQL. Stores' gateways come in
by a door of their own, with client certificates (``upstream``); people and the chain's own systems by the other.
"""
