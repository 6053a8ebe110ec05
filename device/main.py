"""The kiosk's process: the only place that builds its parts, starts them, and closes them again."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from device.actions import Actions, Ports
from device.clock import StoreClock
from device.counter.states import Setup
from device.counter.step import begin
from device.display.draw import Painter
from device.display.errors import DisplayRoomError
from device.display.fonts import load_face
from device.display.screen import DisplayThread, ScreenKeeper
from device.errors import DeviceError, JournalError
from device.gun import Gun
from device.identity import identity_in
from device.journal import Journal
from device.link import Link, LinkSettings
from device.mailbox import Died, Edge, Mailbox, Stop
from device.runner import Runner
from device.scan.eyes import Eyes
from device.speaker import Speaker
from device.view import Line, Screen, View
from device.watchdog import Watchdog
from protocol.vocabulary import PHRASES, Verdict
from service.adapters import AdapterMissingError, build_adapter
from service.config import ConfigError
from service.notify import notify, watchdog_period_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import Config
    from device.ports import Monitor, Panel

log = logging.getLogger(__name__)

#: How long a kiosk without a journal says that it is out of order before it ends, and the service manager tries again.
_FAULT_SHOWN_S = 30.0


def run(config: Config) -> int:
    """Run the kiosk until SIGTERM or SIGINT; return the process's exit code."""
    mailbox = Mailbox()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: mailbox.post(Stop()))
    try:
        with ExitStack() as closing:
            code = _serve(config, mailbox, closing)
            notify("STOPPING=1")
            return code
    except (DeviceError, DisplayRoomError, ConfigError, AdapterMissingError) as error:
        log.error("kiosk_not_usable error=%s", error)  # noqa: TRY400 - the message says what to do
    except Exception:
        log.exception("kiosk_failed")
    return 1


def _serve(config: Config, mailbox: Mailbox, closing: ExitStack) -> int:
    """Build and start every part, run the counter, and leave it to ``closing`` to close them the other way round."""
    identity = identity_in(Path(config.identity.certificate))
    fresh = _start_scanners(config, mailbox, closing)  # first: the camera takes longest

    monitor: Monitor = build_adapter("monitor", config.monitor) if config.monitor else _Unwatched()
    closing.callback(monitor.close)
    painter = Painter(load_face(config.screen.font_px))
    keeper = ScreenKeeper(build_adapter("oled", config.oled), painter, config.screen.restart_s, config.screen)
    screen = DisplayThread(keeper, on_death=_death_of("display", mailbox), on_drawn=monitor.drawn)
    closing.callback(screen.close)
    screen.start()
    panel: Panel = build_adapter("panel", config.panel)
    closing.callback(panel.close)
    panel.start(lambda button, pressed, at: mailbox.post(Edge(button, pressed, at)))

    speaker = _start_speaker(config, mailbox, closing)

    clock = StoreClock()
    journal = Journal(Path(config.journal.path), identity, clock)
    closing.callback(journal.close)
    try:
        journal.open()
    except JournalError as error:
        log.error("kiosk_without_journal error=%s", error)  # noqa: TRY400 - the message says what to do
        return _stand_out_of_order(mailbox, screen, panel, monitor)

    link = Link(
        _link_settings(config, identity),
        post=mailbox.post,
        on_death=_death_of("link", mailbox),
        stamped=journal.stamped,
    )
    closing.callback(link.close)
    link.start()

    setup = Setup(
        boot=f"{journal.boot}-{os.urandom(4).hex()}",
        software=version("hexiao"),
        timing=config.timing,
        style=config.screen.style,
    )
    log.info("kiosk_started identity=%s boot=%s journal_seq=%s", identity, setup.boot, journal.seq)
    ports = Ports(journal=journal, clock=clock, link=link, screen=screen, panel=panel, monitor=monitor, speaker=speaker)
    actions = Actions(ports, on_ready=lambda: _ready(setup.boot))
    watchdog = Watchdog(watchdog_period_s(), fresh)
    counter, first = begin(setup, journal.kept(), time.monotonic(), journal.store_name)
    return Runner(mailbox, actions, watchdog, counter).run(first)


def _start_scanners(config: Config, mailbox: Mailbox, closing: ExitStack) -> Callable[[float, float], bool]:
    """Start the camera's process, the gun or both; return what tells the watchdog that they are looked after."""
    scanners: list[Eyes | Gun] = []
    if config.gun is None or not config.gun.instead_of_camera:
        scanners.append(Eyes(config.eyes, mailbox.post, _death_of("eyes", mailbox)))
    if config.gun is not None:
        scanners.append(Gun(config.gun, mailbox.post, _death_of("gun", mailbox)))
    for scanner in scanners:
        closing.callback(scanner.close)
        scanner.start()
    return scanners[0].fresh


def _start_speaker(config: Config, mailbox: Mailbox, closing: ExitStack) -> Speaker | None:
    if config.speaker is None:
        return None
    speaker = Speaker(config.speaker, config.screen.language, _death_of("speaker", mailbox))
    closing.callback(speaker.close)
    speaker.start()
    return speaker


def _link_settings(config: Config, identity: str) -> LinkSettings:
    return LinkSettings(
        identity=identity,
        host=config.gateway.host,
        port=config.gateway.port,
        certificate=Path(config.identity.certificate),
        key=Path(config.identity.key),
        authority=Path(config.identity.authority),
    )


def _death_of(part: str, mailbox: Mailbox) -> Callable[[BaseException], None]:
    """Return what a part calls when a thread of it has ended that should not have."""
    return lambda error: mailbox.post(Died(part, error))


def _ready(boot: str) -> None:
    log.info("kiosk_ready boot=%s", boot)
    notify("READY=1")


def _stand_out_of_order(mailbox: Mailbox, screen: DisplayThread, panel: Panel, monitor: Monitor) -> int:
    """Say for a while that the kiosk cannot serve, instead of ending in a loop of restarts that nobody can read."""
    phrase = PHRASES[Verdict.FAULT]
    lines = tuple(Line(text, centred=True) for text in (*phrase.zh, *phrase.en, "journal"))
    view = View(
        seq=1,
        screen=Screen.OUT_OF_SERVICE,
        lines=lines,
        verdict=Verdict.FAULT,
        light=phrase.light,
        sound=phrase.sound,
    )
    screen.show(view)
    panel.light(view.light)
    panel.play(view.sound)
    monitor.shown(view)
    until = time.monotonic() + _FAULT_SHOWN_S
    while (left_s := until - time.monotonic()) > 0:
        if isinstance(mailbox.take(left_s), Stop):
            return 0
    return 1


class _Unwatched:
    """The monitor of a shop's kiosk: nobody."""

    def shown(self, view: View) -> None:
        """Take no note."""

    def drawn(self, seq: int) -> None:
        """Take no note."""

    def handled(self, edges: int) -> None:
        """Take no note."""

    def close(self) -> None:
        """Have nothing to close."""
