"""The light for whoever is before the camera: a small one beside it, and how bright its frames are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.ports import Exposing
from device.scan.exposure import Exposure
from device.scan.visit import Visit

if TYPE_CHECKING:
    from device.ports import Camera
    from device.scan.aim import AimLight
    from device.scan.readers import Frame
    from device.scan.watch import Watcher


class Lighting:
    """What is asked of the light beside the camera and of the camera, from one start of the camera on."""

    def __init__(self, camera: Camera, light: AimLight | None) -> None:
        """Keep the camera, as it is after its start, and the light beside it; None where there is none."""
        self._exposing = camera if isinstance(camera, Exposing) else None
        self._light = light
        self._visit = Visit()
        self._exposure = Exposure()
        self._stops = 0.0

    def see(self, frame: Frame, watcher: Watcher, now: float) -> None:
        """Take in a frame of a moment, in seconds, that the watcher has just seen; light the next ones."""
        altered = self._light is not None or self._stops != 0.0
        self._visit.see(stirring=watcher.stirring, holding=watcher.holding, altered=altered, now=now)
        since = self._visit.began_at
        if self._light is not None:
            self._light.shine(lit=since is not None)
        if self._exposing is not None:
            stops = self._exposure.see(frame, since=since, holding=watcher.holding, now=now, changed=watcher.changed)
            if stops != self._stops:
                self._stops = stops
                self._exposing.expose(stops)
