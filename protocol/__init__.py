"""What kiosk, gateway and head office say to each other, and the machines that decide about a redemption.

Nothing in this room does I/O, reads a clock, starts a thread or draws a random number: time and
randomness come in as arguments, so that the very code that ships can be simulated.
"""
