"""The counter conversation: what the kiosk says and does from a code held up to its end, as a pure machine.

``step(state, event, now) -> (state, effects)``. Nothing here does I/O, reads a clock, starts a thread or draws a random
number: time is an argument, entropy comes with the press. ``step`` turns an event over to the module of the phase it
meets; ``screens`` turns a state into what is shown.
"""
