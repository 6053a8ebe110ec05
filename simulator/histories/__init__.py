"""Histories: the shipped machines of kiosk, gateway and head office in a world that fails as it likes, from one seed.

Time here is a number that only events move, so a history of minutes takes milliseconds, and a seed gives the same
history again, event for event. The parties carry out what the machines want and add no judgement of their own; the
oracle watches them and knows what none of them knows. ``python -m simulator.histories`` prints what came of many.
"""
