"""What the operator says of the ways to customers: ``[notices]``. Secrets stand in files of their own."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from headoffice.errors import RefusedError
from headoffice.notices.kinds import Occasion
from headoffice.outbox.addresses import Reach
from service.config import Section, missing_files

if TYPE_CHECKING:
    from collections.abc import Iterator

Lang = Literal["zh", "en"]
Word = Annotated[str, Meta(min_length=1, max_length=200)]


class Sms(Section, frozen=True, kw_only=True):
    """Text messages by 阿里云 (``SendSms``), or by whoever takes the same calls."""

    url: str = "https://dysmsapi.aliyuncs.com/"
    key_id: Word
    secret_file: str
    """Holds the secret that belongs to the key."""
    sign: Word
    """The approved signature (短信签名), without 【】."""
    templates: dict[Lang, dict[Occasion, Word]]
    """The carrier's numbers of the approved templates; where there is none, nothing is sent."""


class Template(Section, frozen=True, kw_only=True):
    """A template of 微信, and what its fields hold."""

    id: Word
    fields: dict[str, Word]
    """By the name that the template has for a field, such as ``thing1``, the name of a value, such as ``title``."""


class Wechat(Section, frozen=True, kw_only=True):
    """Messages of the chain's account (公众号): template messages, or those that a follower has subscribed to."""

    url: str = "https://api.weixin.qq.com"
    app_id: Word
    secret_file: str
    form: Literal["template", "subscribe"] = "template"
    templates: dict[Lang, dict[Occasion, Template]]


class Mail(Section, frozen=True, kw_only=True):
    """Mail by a server that takes it for others; always over TLS, but on this machine."""

    server: Word
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``none`` is for a server on this machine alone."""
    user: str = ""
    password_file: str = ""
    sender: Annotated[str, Meta(pattern=r"^([^<>@\r\n]{0,100} )?<?[^<>@\s]+@[^<>@\s]+>?$")]
    """``某某咖啡 <noreply@example.com>``."""


class Configured(Section, frozen=True, kw_only=True):
    """The ways that there are."""

    sms: Sms | None = None
    wechat: Wechat | None = None
    email: Mail | None = None
    authority: str = ""
    """PEM file of an authority that signs carriers' certificates, beside those that the system trusts."""


#: Unlike a webhook's, a carrier's address is the operator's own word.
ANYWHERE = Reach((ip_network("0.0.0.0/0"), ip_network("::/0")))
_ON_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


def notice_troubles(config: Configured, where: str = "$.notices") -> Iterator[str]:
    """Yield what would keep notices from being sent."""
    for name, section in (("sms", config.sms), ("wechat", config.wechat)):
        if section is not None:
            here = f"{where}.{name}"
            yield from missing_files(section, here, ("secret_file",), "write the secret into it, alone")
            try:
                ANYWHERE.check(section.url)
            except RefusedError as error:
                yield f"{here}.{error}"
            if not any(section.templates.values()):
                yield f"{here}.templates: names none, so nothing would be sent"
    if (mail := config.email) is not None:
        if mail.password_file:
            yield from missing_files(mail, f"{where}.email", ("password_file",), "write the password into it, alone")
        if mail.user and not mail.password_file:
            yield f"{where}.email.password_file: is missing; {mail.user} signs in with it"
        if mail.security == "none" and mail.server not in _ON_THIS_MACHINE:
            yield f"{where}.email.security: none is for a server on this machine alone; use starttls or tls"
    if config.authority and not Path(config.authority).is_file():
        yield f"{where}.authority: {config.authority} is not there"
