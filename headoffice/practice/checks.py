"""A store's self-check before it goes live: what is looked at, and what to do where it is not well. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from protocol.status import READY

if TYPE_CHECKING:
    from datetime import datetime

    from protocol.status import KioskStatus, StoreStatus

#: A gateway tells of a store at least every half minute.
SILENT = timedelta(minutes=2)
#: How far a gateway's clock may be off: validity is judged by the head office's, but people read the gateway's.
CLOCK_OFF_S = 30.0


class Looked(StrEnum):
    """What is looked at, in the order in which it is put right."""

    GATEWAY = "gateway"
    CLOCK = "clock"
    KIOSK = "kiosk"
    CAMERA = "camera"
    SOFTWARE = "software"
    CLERKS = "clerks"
    PRACTICE = "practice"


#: (Chinese, English): what a line of the list is called.
NAMES: dict[Looked, tuple[str, str]] = {
    Looked.GATEWAY: ("门店网关在线", "The store's gateway is online"),
    Looked.CLOCK: ("网关时间准确", "The gateway's clock is right"),
    Looked.KIOSK: ("核销机在线", "The kiosks are online"),
    Looked.CAMERA: ("摄像头可用", "Their cameras work"),
    Looked.SOFTWARE: ("软件版本一致", "Kiosks and gateway run the same version"),
    Looked.CLERKS: ("已有店员", "The store has its clerks"),
    Looked.PRACTICE: ("练习核销成功", "A practice voucher was redeemed"),
}
#: (Chinese, English): what to do where it is not so.
TO_DO: dict[Looked, tuple[str, str]] = {
    Looked.GATEWAY: (
        "用 hexiao provision store add 把门店分配给网关,并检查网关的电源和网络",
        "Bind the store to a gateway with hexiao provision store add; see to the gateway's power and network",
    ),
    Looked.CLOCK: ("在网关上校准时间:timedatectl", "Set the clock on the gateway: timedatectl"),
    Looked.KIOSK: (
        "用 hexiao provision kiosk add 绑定核销机,并检查其电源和网络",
        "Bind a kiosk with hexiao provision kiosk add; see to its power and network",
    ),
    Looked.CAMERA: (
        "检查摄像头排线,再在核销机上运行 hexiao device check",
        "See to the camera's ribbon, then run hexiao device check on the kiosk",
    ),
    Looked.SOFTWARE: ("把核销机和网关更新到同一版本", "Bring kiosks and gateway to the same version"),
    Looked.CLERKS: ("在“店员”页为本店添加店员", "Add clerks of this store on the page Clerks"),
    Looked.PRACTICE: (
        "制作一张练习券,给本店核销机扫码,按 OK,等绿灯和结果显示完",
        "Make a practice voucher, show it to a kiosk of this store, press OK, wait for green and let it stand",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a store that is tried out."""

    gateways: tuple[str, ...]
    """Those that may speak for it."""
    status: StoreStatus | None
    """What its gateway has told last; None where none has."""
    heard_at: datetime | None
    at: datetime
    """Now."""
    wants_clerks: bool
    clerks: int
    practised: str | None
    """The kiosk that has redeemed a practice voucher since the store is tried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the list."""

    looked: Looked
    ok: bool
    about: str = ""
    """Which kiosk, which version: what a person wants to know of it."""


def checks(facts: Facts) -> tuple[Check, ...]:
    """Return the list; what a silent gateway has told is not believed any more."""
    is_heard = facts.heard_at is not None and facts.at - facts.heard_at <= SILENT
    status = facts.status if is_heard else None
    return (
        Check(looked=Looked.GATEWAY, ok=status is not None, about=", ".join(facts.gateways)),
        *_told(status, facts.heard_at),
        Check(looked=Looked.CLERKS, ok=not facts.wants_clerks or facts.clerks > 0, about=str(facts.clerks or "")),
        Check(looked=Looked.PRACTICE, ok=facts.practised is not None, about=facts.practised or ""),
    )


def _told(status: StoreStatus | None, heard_at: datetime | None) -> tuple[Check, ...]:
    """Return what is known of gateway and kiosks by the gateway's own word."""
    if status is None or heard_at is None:
        return tuple(
            Check(looked=looked, ok=False) for looked in (Looked.CLOCK, Looked.KIOSK, Looked.CAMERA, Looked.SOFTWARE)
        )
    off_s = abs(heard_at.timestamp() - status.at)
    kiosks = status.kiosks
    away = [kiosk for kiosk in kiosks if not kiosk.online]
    blind = [kiosk for kiosk in kiosks if kiosk.camera != READY]
    versions = sorted({status.software, *(kiosk.software for kiosk in kiosks)})
    return (
        Check(looked=Looked.CLOCK, ok=off_s <= CLOCK_OFF_S, about="" if off_s <= CLOCK_OFF_S else f"{off_s:.0f} s"),
        Check(looked=Looked.KIOSK, ok=bool(kiosks) and not away, about=_named(away or kiosks)),
        Check(looked=Looked.CAMERA, ok=bool(kiosks) and not blind, about=_named(blind)),
        Check(looked=Looked.SOFTWARE, ok=bool(kiosks) and len(versions) == 1, about=", ".join(filter(None, versions))),
    )


def _named(kiosks: tuple[KioskStatus, ...] | list[KioskStatus]) -> str:
    return ", ".join(kiosk.name or kiosk.id for kiosk in kiosks)
