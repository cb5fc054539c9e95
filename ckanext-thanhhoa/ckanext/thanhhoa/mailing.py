"""CKAN's mailer with a limit: a mail server that says nothing is given up.

CKAN connects without one, so that the thread that sends would wait for ever. Its own code runs
here, with an `smtplib` whose connections have a timeout.
"""

from __future__ import annotations

import smtplib
from functools import partial
from types import FunctionType, SimpleNamespace
from typing import Any

from ckan.lib import mailer

#: Seconds that a mail server may take for each answer.
WITHIN = 20.0


def mail(address: str, subject: str, body: str, headers: dict[str, Any]) -> None:
    """CKAN's ``mail_recipient``.

    Raises mailer.MailerException, smtplib.SMTPException or OSError.
    """
    limited = {**vars(smtplib), "SMTP": partial(smtplib.SMTP, timeout=WITHIN)}
    send = _with(mailer._mail_recipient, smtplib=SimpleNamespace(**limited))
    _with(mailer.mail_recipient, _mail_recipient=send)(
        address, address, subject, body, headers=headers
    )


def _with(function: Any, **names: Any) -> Any:
    """A function of another module that sees other things under these names."""
    seen = {**function.__globals__, **names}
    return FunctionType(function.__code__, seen, function.__name__, function.__defaults__)
