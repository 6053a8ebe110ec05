"""Spoken prompts by real processes: stand-ins on PATH that write down what they are told, and espeak-ng itself."""

from __future__ import annotations

import logging
import os
import subprocess
import time
import wave
from functools import partial
from typing import TYPE_CHECKING

import pytest

from device.counter.words import Language
from device.speaker import ESPEAK, Speaker, SpeakerSettings, Spoken, command_of, spoken_of, troubles
from device.view import Line, Screen, View
from protocol.vocabulary import PHRASES, Verdict
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def result(verdict: Verdict, *lines: str, screen: Screen = Screen.RESULT) -> View:
    return View(1, screen, tuple(map(Line, lines or PHRASES[verdict].zh)), verdict)


class StandIns:
    """Programs of these names, each of which writes its arguments to a file and then does what a script says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = folder / "told"

    def put(self, name: str, then: str = "") -> None:
        program = self._folder / name
        program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {self._told}; echo >> {self._told}\n{then}\n', "utf-8")
        program.chmod(0o755)

    def said(self, words: str) -> bool:
        return bool(self.told) and words in self.told[-1]

    @property
    def told(self) -> list[str]:
        return self._told.read_text("utf-8").splitlines() if self._told.exists() else []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return StandIns(folder)


@pytest.fixture
def speaking() -> Iterator[Callable[[SpeakerSettings], Speaker]]:
    """Return a function that starts a speaker; each is closed in the end."""
    speakers: list[Speaker] = []

    def never(error: BaseException) -> None:
        raise AssertionError from error

    def start(settings: SpeakerSettings) -> Speaker:
        speaker = Speaker(settings, Language.ZH, never)
        speakers.append(speaker)
        speaker.start()
        return speaker

    yield start
    for speaker in speakers:
        speaker.close()


def test_the_newest_words_are_said_and_what_flashed_by_is_not(
    programs: StandIns, speaking: Callable[[SpeakerSettings], Speaker]
) -> None:
    programs.put(ESPEAK)
    speaker = speaking(SpeakerSettings(speed=200, volume=50))
    speaker.say(result(Verdict.PENDING))
    speaker.say(result(Verdict.REDEEMED, "核销成功", "拿铁一杯"))
    until(lambda: programs.told)
    assert programs.told == ["-v|cmn|-s|200|-a|100|--|核销成功|"]


def test_a_program_that_hangs_is_ended_by_the_next_words_and_nobody_waits(
    programs: StandIns, speaking: Callable[[SpeakerSettings], Speaker]
) -> None:
    programs.put(ESPEAK, then="exec sleep 600")
    speaker = speaking(SpeakerSettings())
    for verdict in (Verdict.EXPIRED, Verdict.GIFTING):
        begun = time.monotonic()
        speaker.say(result(verdict))
        assert time.monotonic() - begun < 1
        until(partial(programs.said, PHRASES[verdict].zh[0]))
    speaker.close()
    assert len(programs.told) == 2


def test_a_program_that_is_missing_or_fails_is_logged_once_and_tried_again(
    programs: StandIns,
    speaking: Callable[[SpeakerSettings], Speaker],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "/nowhere")
    speaker = speaking(SpeakerSettings())
    with caplog.at_level(logging.WARNING):
        speaker.say(result(Verdict.EXPIRED))
        until(lambda: "speaker_silent" in caplog.text)
        monkeypatch.setenv("PATH", path)
        programs.put(ESPEAK, then="exit 3")
        speaker.say(result(Verdict.GIFTING))
        until(lambda: programs.told)
        programs.put(ESPEAK)
        speaker.say(result(Verdict.REDEEMED))
        until(lambda: len(programs.told) == 2)
    assert caplog.text.count("speaker_silent") == 1
    assert "hexiao device check" in caplog.text


def test_recordings_are_played_by_verdict_and_what_has_none_is_not_said(
    programs: StandIns, tmp_path: Path, speaking: Callable[[SpeakerSettings], Speaker]
) -> None:
    programs.put("aplay")
    (tmp_path / "redeemed.wav").touch()
    speaker = speaking(SpeakerSettings(recordings=str(tmp_path)))
    speaker.say(result(Verdict.REDEEMED))
    until(lambda: programs.told)
    assert programs.told == [f"-q|{tmp_path}/redeemed.wav|"]
    assert command_of(SpeakerSettings(recordings=str(tmp_path)), Language.ZH, Spoken("已过期", "expired")) is None


def test_a_question_is_never_spoken_as_a_success_and_looking_not_at_all() -> None:
    asked = result(Verdict.REDEEMED, "已核销 尾号7733", "2026-05-01 14:03", "是否已交付?", screen=Screen.HANDED_OVER)
    assert spoken_of(asked, Language.ZH) == Spoken("是否已交付?", "handed_over")
    lapsed = result(Verdict.ABORTED, "超时,未核销")
    assert spoken_of(lapsed, Language.ZH) == Spoken("超时,未核销", None)
    several = result(Verdict.REDEEMED, "核销成功 ×3", "门票")
    assert spoken_of(several, Language.ZH) == Spoken("核销成功", "redeemed")
    assert spoken_of(result(Verdict.LOOKING), Language.ZH) is None
    assert spoken_of(View(1, Screen.IDLE, (Line("请出示券码"),)), Language.ZH) is None


@pytest.mark.parametrize("language", list(Language))
def test_every_verdict_is_spoken_in_its_own_words(language: Language) -> None:
    for verdict, phrase in PHRASES.items():
        own = phrase.zh if language is Language.ZH else phrase.en
        spoken = spoken_of(result(verdict, *own), language)
        assert verdict is Verdict.LOOKING or spoken == Spoken(
            ("，" if language is Language.ZH else ", ").join(own), verdict
        )


def test_what_is_missing_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "apt install espeak-ng" in "".join(troubles(SpeakerSettings()))
    (tmp_path / "pcmC0D0c").touch()
    assert "lists no sound card that plays" in "".join(troubles(SpeakerSettings(), tmp_path))
    (tmp_path / "pcmC0D0p").touch()
    assert "sound card" not in "".join(troubles(SpeakerSettings(), tmp_path))
    found = "".join(troubles(SpeakerSettings(recordings=str(tmp_path / "absent"))))
    assert "apt install alsa-utils" in found
    assert "$.speaker.recordings: there is no folder" in found


@pytest.mark.parametrize("language", list(Language))
def test_espeak_itself_speaks_these_words(tmp_path: Path, language: Language) -> None:
    file = tmp_path / "said.wav"
    spoken = Spoken(PHRASES[Verdict.REDEEMED].zh[0] if language is Language.ZH else "Redeemed", "redeemed")
    command = command_of(SpeakerSettings(), language, spoken)
    assert command is not None
    subprocess.run([command[0], "-w", str(file), *command[1:]], check=True, timeout=60)
    with wave.open(str(file)) as sound:
        assert sound.getnframes() / sound.getframerate() > 0.3
