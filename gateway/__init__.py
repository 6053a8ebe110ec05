"""The store's decider: which kiosk stands in which store, what may be redeemed there, and a journal of every request.

It relays to the head office, which owns the vouchers; it never decides about one by itself, except to refuse at a look.
"""
