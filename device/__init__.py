"""The kiosk firmware: camera, panel, screen, journal and link around one counter conversation that does no I/O."""
