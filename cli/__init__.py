"""The ``hexiao`` command: the one place that may import every room, each only when its verb is used."""
