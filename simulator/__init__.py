"""The rehearsal counter: the whole product as real processes on one machine, and a page to play with it.

Everything that decides is what ships; simulated are only camera, screen bus, pins, and the cables between the parts.
"""
