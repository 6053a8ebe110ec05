"""The Pi's camera, through picamera2 as Raspberry Pi OS packages it.

Not run on hardware yet: it was run under the unmodified Picamera2 class, over a stand-in for libcamera. picamera2 is
imported in ``start`` only: it exists on a Pi alone, and takes a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from device.scan.errors import CameraError
from service.config import Section

if TYPE_CHECKING:
    from device.scan.readers import Frame

_CONTINUOUS_AUTOFOCUS = 2  # libcamera's AfModeEnum.Continuous,
_MANUAL_FOCUS = 0  # and Manual
_METER_THE_MIDDLE = 0  # AeMeteringModeEnum.CentreWeighted
_SHORT_EXPOSURES = 1  # AeExposureModeEnum.Short: rather gain than blur
_BUFFERS = 4
_MOST_STOPS = 8.0  # that libcamera's ExposureValue knows, either way


class PiCamera:
    """A camera module whose frames are the luminance plane of a YUV420 stream: nothing is converted, or copied twice.

    A screen is brighter than all else in a dark shop and darker than all else in the sun, so the camera is asked to
    judge the light where the phone is held, and to keep exposures short: a hand moves. What is in view and not read may
    still be too bright or too dark (``exposure.py``).

    Frames are asked for without waiting and then waited for with a limit: picamera2's own thread can end in silence,
    and every plain capture would then block for ever.
    """

    class Options(Section, frozen=True, kw_only=True):
        """Which camera, what frames, and how it focuses."""

        camera: Annotated[int, Meta(ge=0)] = 0
        width: Annotated[int, Meta(ge=320, le=4608, multiple_of=2)] = 1296
        height: Annotated[int, Meta(ge=240, le=3456, multiple_of=2)] = 972
        fps: Annotated[float, Meta(ge=2, le=60)] = 15.0
        lens: Literal["fixed", "auto", "manual"] = "fixed"
        """Fixed for cameras without a motor; auto focuses continuously; manual stays at lens_distance_cm."""
        lens_distance_cm: Annotated[float, Meta(gt=0)] = 12.0

        exposure_stops: Annotated[float, Meta(ge=-4, le=4)] = 0.0
        """How much brighter frames are to be than the camera would make them: 1 is twice the light, -1 half of it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._camera: Any = None
        self._job: Any = None

    def start(self) -> None:
        """Open and start the camera; raise CameraError where it is absent or busy."""
        try:
            from picamera2 import Picamera2  # noqa: PLC0415 - see the module's docstring
        except ImportError as error:
            msg = "picamera2 is not installed: apt install python3-picamera2, venv with --system-site-packages"
            raise CameraError(msg) from error
        if self._options.camera >= len(Picamera2.global_camera_info()):
            msg = f"camera {self._options.camera} is not there: check its cable, and `rpicam-hello --list-cameras`"
            raise CameraError(msg)
        try:
            self._camera = Picamera2(self._options.camera)
            self._camera.configure(self._configuration(self._camera))
            self._camera.start()
        except RuntimeError as error:
            msg = f"the camera does not start: {error}; does another process hold it, or is its cable loose?"
            raise CameraError(msg) from error

    def frame(self, timeout_s: float) -> Frame | None:
        """Return the luminance of the newest frame not yet returned, or the next one; None where none came in time."""
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._camera.wait(self._job, timeout=timeout_s)
        except TimeoutError:
            return None
        except RuntimeError as error:
            msg = f"the camera gives no frame: {error}"
            raise CameraError(msg) from error
        self._job = None
        try:
            return self._luminance(request)
        finally:
            request.release()

    def expose(self, stops: float) -> None:
        """Ask for so many doublings of light beside ``exposure_stops``, from the next frames on."""
        wanted = min(max(self._options.exposure_stops + stops, -_MOST_STOPS), _MOST_STOPS)
        self._camera.set_controls({"ExposureValue": wanted})

    def close(self) -> None:
        """Let the camera go."""
        camera, self._camera, self._job = self._camera, None, None
        if camera is not None:
            camera.close()

    def _luminance(self, request: Any) -> Frame:  # noqa: ANN401 - picamera2 has no types
        """Return the luminance of a request: the rows are padded, and the colour planes lie below it."""
        from picamera2 import MappedArray  # noqa: PLC0415 - see the module's docstring

        # A view that outlives the mapping ends picamera2's thread with a BufferError: this is the one copy.
        with MappedArray(request, "main", write=False) as mapped:
            luminance: Frame = mapped.array[: self._options.height, : self._options.width].copy()
        return luminance

    def _configuration(self, camera: Any) -> Any:  # noqa: ANN401 - picamera2 has no types
        from libcamera import ColorSpace  # noqa: PLC0415 - see the module's docstring

        period_us = round(1e6 / self._options.fps)
        controls: dict[str, Any] = {
            "FrameDurationLimits": (period_us, period_us),
            "AeEnable": True,
            "AeMeteringMode": _METER_THE_MIDDLE,
            "AeExposureMode": _SHORT_EXPOSURES,
            "ExposureValue": self._options.exposure_stops,
        }
        match self._options.lens:
            case "auto":
                controls["AfMode"] = _CONTINUOUS_AUTOFOCUS
            case "manual":
                controls |= {"AfMode": _MANUAL_FOCUS, "LensPosition": 100 / self._options.lens_distance_cm}
            case "fixed":
                pass
        main = {"size": (self._options.width, self._options.height), "format": "YUV420"}
        # Picamera2 keeps the last frame that came meanwhile, so eyes that are slower than the camera need not wait.
        # The colour spaces of video keep white at 235: what is too bright would look like any other white.
        return camera.create_video_configuration(
            main=main, colour_space=ColorSpace.Sycc(), buffer_count=_BUFFERS, queue=True, controls=controls
        )
