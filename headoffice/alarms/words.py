"""Alarms in the words of people: what is the matter, what it means, what to do; and that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from protocol.alarms import AlarmKind

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One alarm as it is put into words; ``where`` is the store's name, or what stands in its place."""

    kind: AlarmKind
    about: str
    where: str
    since: datetime
    """In the time of the place where it is."""
    number: int


def zh(alarm: Said, ended_at: datetime | None) -> str:
    """Return an alarm in Chinese."""
    what = _zh(alarm)
    since = f"自 {alarm.since:%m-%d %H:%M} 起"
    return f"{alarm.where}:{what},{since}" if ended_at is None else f"{alarm.where}:已恢复——{what}({since})"


def en(alarm: Said, ended_at: datetime | None) -> str:
    """Return an alarm in English."""
    what = _en(alarm)
    since = f"since {alarm.since:%m-%d %H:%M}"
    return f"{alarm.where}: {what}, {since}" if ended_at is None else f"{alarm.where}: over again: {what} ({since})"


def _zh(alarm: Said) -> str:
    match alarm.kind:
        case AlarmKind.KIOSK_SILENT:
            return f"核销机 {alarm.about} 没有响应,请检查电源和网络"
        case AlarmKind.BROKER_LOST:
            return f"网关 {alarm.about} 连不上消息服务,店内核销机都不可用"
        case AlarmKind.AMBER_OPEN:
            return f"{alarm.number} 笔核销一直没有结果,请勿交付,请在门店页面处理"
        case AlarmKind.GUESSING:
            return f"核销机 {alarm.about} 连续出示不存在的券码,可能有人在试码"
        case AlarmKind.DISK_FULL:
            return f"{alarm.about} 的磁盘将满,剩余 {alarm.number}%,满后不能核销"
        case AlarmKind.CERTIFICATE_ENDS:
            return f"{alarm.about} 的证书还有 {alarm.number} 天到期,到期后不能核销,请尽快更新"
        case AlarmKind.GATEWAY_SILENT:
            return f"门店网关 {alarm.about} 与总部失去联系,该店只能离线核销或不能核销"
        case _:
            assert_never(alarm.kind)


def _en(alarm: Said) -> str:
    match alarm.kind:
        case AlarmKind.KIOSK_SILENT:
            return f"kiosk {alarm.about} is silent; look at its power and network"
        case AlarmKind.BROKER_LOST:
            return f"gateway {alarm.about} does not reach the broker, so no kiosk of the store works"
        case AlarmKind.AMBER_OPEN:
            return f"{alarm.number} redemptions have no end; hand nothing over, and see the store's page"
        case AlarmKind.GUESSING:
            return (
                f"kiosk {alarm.about} is shown one code after the other that does not exist; somebody may be guessing"
            )
        case AlarmKind.DISK_FULL:
            return f"the disk of {alarm.about} is nearly full ({alarm.number}% free); once it is, nothing is redeemed"
        case AlarmKind.CERTIFICATE_ENDS:
            return (
                f"the certificate of {alarm.about} ends in {alarm.number} days; renew it, or nothing is redeemed then"
            )
        case AlarmKind.GATEWAY_SILENT:
            return f"the head office does not hear gateway {alarm.about}; its store redeems offline, or not at all"
        case _:
            assert_never(alarm.kind)
