"""Mail, by a server that takes it for others (SMTP), over TLS; each in a connection of its own, in a thread."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from email.utils import parseaddr
from typing import TYPE_CHECKING

from headoffice.notices.files import secret_in
from headoffice.notices.ports import SEND_S, Receipt, Unsent
from headoffice.notices.words import FOOT, SENTENCES, SUBJECTS

if TYPE_CHECKING:
    from headoffice.notices.config import Mail
    from headoffice.notices.ports import Notice

#: Of each step with the server.
STEP_S = 8.0
#: Replies that say no for good.
_PERMANENT = range(500, 600)


class MailServer:
    """The server that takes mail."""

    def __init__(self, config: Mail, authority: str = "") -> None:
        """Keep the parts; ``authority`` is a PEM file of one beside those that the system trusts."""
        self._config = config
        self._authority = authority
        self._password = ""
        self._context = ssl.create_default_context()

    async def start(self) -> None:
        """Read the password and whom to trust."""
        if self._config.password_file:
            self._password = secret_in(self._config.password_file)
        if self._authority:
            self._context.load_verify_locations(self._authority)

    async def close(self) -> None:
        """Nothing is held open."""

    async def send(self, notice: Notice) -> Receipt | Unsent:
        """Hand a mail to the server."""
        mail = self._written(notice)
        try:
            await asyncio.wait_for(asyncio.to_thread(self._hand_over, mail), SEND_S)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return Unsent(f"the server does not take mail for this customer: {code}", over=code in _PERMANENT)
        except smtplib.SMTPResponseException as error:  # which may repeat what it was told
            return Unsent(f"the server answered {error.smtp_code}")
        except TimeoutError:
            return Unsent("the server does not answer")
        except (smtplib.SMTPException, OSError) as error:
            return Unsent(f"the server cannot be used: {type(error).__name__}")
        return Receipt(str(mail["message-id"]))

    def _written(self, notice: Notice) -> EmailMessage:
        _, sender = parseaddr(self._config.sender)
        mail = EmailMessage(policy=MAIL)
        mail["from"] = self._config.sender
        mail["to"] = notice.to
        mail["subject"] = SUBJECTS[notice.lang][notice.occasion].format_map(notice.values)
        # The same each time that it is tried, so that whoever gets it twice can tell.
        mail["message-id"] = f"<{notice.id}@{sender.rpartition('@')[2]}>"
        mail["list-unsubscribe"] = f"<{notice.page}/quiet>"
        mail["list-unsubscribe-post"] = "List-Unsubscribe=One-Click"
        mail["auto-submitted"] = "auto-generated"
        sentence = SENTENCES[notice.lang][notice.occasion].format_map(notice.values)
        mail.set_content(f"{sentence}\n\n{FOOT[notice.lang].format(page=notice.page)}\n")
        return mail

    def _hand_over(self, mail: EmailMessage) -> None:
        config = self._config
        if config.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(config.server, config.port, timeout=STEP_S, context=self._context)
        else:
            server = smtplib.SMTP(config.server, config.port, timeout=STEP_S)
        with server:
            if config.security == "starttls":
                server.starttls(context=self._context)
            if config.user:
                server.login(config.user, self._password)
            server.send_message(mail)
