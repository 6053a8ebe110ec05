"""Spoken prompts, for who does not look at the screen: by espeak-ng, or recordings played by aplay; off by default.

A program is started where there is something to say, and ended where there is something newer. Nobody waits for it: a
speaker that is missing or hangs is logged, and the counter goes on without.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from device.counter.words import Language
from device.view import Screen
from protocol.vocabulary import PHRASES, Verdict
from service.config import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from device.view import View

log = logging.getLogger(__name__)

ESPEAK, APLAY = "espeak-ng", "aplay"
_PACKAGES = {ESPEAK: "espeak-ng", APLAY: "alsa-utils"}
_VOICES = {Language.ZH: "cmn", Language.EN: "en"}
#: What has stood for a shorter time is not begun: most redemptions are green before "checking" would be out.
_STOOD_S = 0.25
_LONGEST_S = 15.0
_ENDS_WITHIN_S = 1.0
#: Where ALSA lists what can play: ``pcmC0D0p``.
CARDS = Path("/dev/snd")


class SpeakerSettings(Section, frozen=True, kw_only=True):
    """``[speaker]``: that there is one, and how it speaks."""

    recordings: Annotated[str, Meta(max_length=400)] = ""
    """A folder of recordings, ``redeemed.wav`` and so on by verdict, and ``handed_over.wav``; empty: espeak-ng."""
    speed: Annotated[int, Meta(ge=80, le=450)] = 170
    """Words a minute, of espeak-ng."""
    volume: Annotated[int, Meta(ge=1, le=100)] = 80
    """Per cent, of espeak-ng; recordings are as loud as the mixer lets them."""

    @property
    def program(self) -> str:
        """What speaks."""
        return APLAY if self.recordings else ESPEAK


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something to say: the words, and the name of the recording that says just that; None where none can."""

    words: str
    name: str | None


def spoken_of(view: View, language: Language) -> Spoken | None:
    """Return what is said of a view: no more than its screen says; None where it is better seen.

    A verdict's recording is played only where the screen begins with the verdict's own words: a question about a
    redemption is no success.
    """
    if view.verdict is None or view.verdict is Verdict.LOOKING:
        return None
    phrase = PHRASES[view.verdict]
    own = phrase.zh if language is Language.ZH else phrase.en
    shown = [line.text for line in view.lines if not line.inverted]
    pause = "，" if language is Language.ZH else ", "
    if shown and shown[0].startswith(own[0]):
        return Spoken(pause.join(own), view.verdict.value)
    asks = view.screen is Screen.HANDED_OVER
    return Spoken(shown[-1] if asks else pause.join(shown), view.screen.value if asks else None)


def command_of(settings: SpeakerSettings, language: Language, spoken: Spoken) -> Sequence[str] | None:
    """Return the command that says it; None where there is no recording of it."""
    if not settings.recordings:
        how = ("-v", _VOICES[language], "-s", str(settings.speed), "-a", str(2 * settings.volume))
        return (ESPEAK, *how, "--", spoken.words)
    file = Path(settings.recordings) / f"{spoken.name}.wav"
    return (APLAY, "-q", str(file)) if spoken.name and file.is_file() else None


def troubles(settings: SpeakerSettings, cards: Path = CARDS) -> Iterator[str]:
    """Yield what keeps this speaker from speaking, one sentence each; ``cards`` is where sound cards are listed."""
    if not any(cards.glob("pcm*p")):  # espeak-ng ends well without one
        yield f"$.speaker: {cards} lists no sound card that plays: plug one in; until then nothing is spoken"
    if shutil.which(settings.program) is None:
        package = _PACKAGES[settings.program]
        yield f"$.speaker: {settings.program} is not installed: apt install {package}; until then nothing is spoken"
    if settings.recordings and not Path(settings.recordings).is_dir():
        yield f"$.speaker.recordings: there is no folder {settings.recordings}; until then nothing is spoken"


class Speaker:
    """Says the newest view, on a thread and by a process of its own."""

    def __init__(
        self, settings: SpeakerSettings, language: Language, on_death: Callable[[BaseException], None]
    ) -> None:
        """Keep the settings; ``on_death`` gets the bug that ended the thread, in that thread."""
        self._settings = settings
        self._language = language
        self._on_death = on_death
        self._changed = threading.Condition()
        self._asked = 0
        self._spoken: Spoken | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._failing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; no process runs before there is something to say."""
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    def say(self, view: View) -> None:
        """Say this from now on, and nothing older; never wait."""
        with self._changed:
            self._spoken = spoken_of(view, self._language)
            self._asked += 1
            self._interrupt()

    def close(self) -> None:
        """Fall silent and end the thread; safe to call twice."""
        with self._changed:
            self._closing = True
            self._interrupt()
        if self._thread is not None:
            self._thread.join()

    def _interrupt(self) -> None:
        if self._child is not None:
            self._child.terminate()
        self._changed.notify_all()

    def _run(self) -> None:
        try:
            said = 0
            while (order := self._next(said)) is not None:
                said, spoken = order
                if spoken is not None:
                    self._speak(said, spoken)
        except Exception as error:  # the thread's guard: on_death sees to it that it does not die unseen
            log.exception("speaker_died")
            self._on_death(error)

    def _next(self, said: int) -> tuple[int, Spoken | None] | None:
        """Return the newest order once it has stood for a moment, waiting for one; None when closing."""
        with self._changed:
            self._changed.wait_for(partial(self._is_over, said))
            while not self._closing:
                asked = self._asked
                if not self._changed.wait_for(partial(self._is_over, asked), _STOOD_S):
                    return asked, self._spoken
            return None

    def _is_over(self, order: int) -> bool:
        """Whether an order is not to be said any more."""
        return self._closing or self._asked != order

    def _speak(self, order: int, spoken: Spoken) -> None:
        command = command_of(self._settings, self._language, spoken)
        if command is None:
            return
        try:
            child = subprocess.Popen(  # noqa: S603 - the words are the vocabulary's, and no shell reads them
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            self._failed(f"{command[0]} cannot be started ({error}); see `hexiao device check`")
            return
        with self._changed:
            self._child = child
            if self._is_over(order):
                child.terminate()
        code = _ended(child, _LONGEST_S)
        with self._changed:
            self._child = None
            interrupted = self._is_over(order)
        if code == 0:
            self._failing = False
        elif not interrupted:
            ended = "hung and was killed" if code is None else f"ended with {code}"
            self._failed(f"{command[0]} {ended}; try it by hand: {' '.join(command)}")

    def _failed(self, why: str) -> None:
        """Say once that nothing is spoken, until something is again."""
        if not self._failing:
            log.warning("speaker_silent error=%s", why)
        self._failing = True


def _ended(child: subprocess.Popen[bytes], within_s: float) -> int | None:
    """Return a child's exit code; None for one that had to be killed."""
    try:
        return child.wait(within_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(_ENDS_WITHIN_S)
        return None
