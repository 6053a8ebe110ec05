"""Scripts for the people who work on the product: setting up a checkout, locking, taking pictures."""
