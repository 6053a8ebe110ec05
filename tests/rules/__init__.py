"""The rules of docs/redemption.md broken by hand, one edit each, and the test that fails for it and names the rule."""
