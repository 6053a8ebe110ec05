"""What is kept of a password, at its full cost: the desk's tests take a cheaper one."""

from __future__ import annotations

from headoffice.staff.passwords import hash_password, is_password

PASSWORD = "four plain little words"


def test_a_password_is_kept_as_a_slow_salted_hash() -> None:
    kept, again = hash_password(PASSWORD), hash_password(PASSWORD)
    assert kept != again
    assert PASSWORD not in kept
    assert is_password(PASSWORD, kept)
    assert not is_password(PASSWORD + " ", kept)
    assert not is_password(PASSWORD, None)
