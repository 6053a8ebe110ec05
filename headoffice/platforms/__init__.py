"""Vouchers that a platform owns: its connector, the rids at it, and what drives each of them to its end."""
