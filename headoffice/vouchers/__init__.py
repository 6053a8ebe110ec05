"""Vouchers and whose they are: types, issue, the steps of their life, what is lent, given, claimed and shown."""
