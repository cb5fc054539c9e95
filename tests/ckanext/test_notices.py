"""Mail to a source's contact: when there is news for them, once, and through a real server."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from harvesters.errors import HarvestError, Problem
from harvesters.settings import parse_config
from tests.ckanext.harvest_rig import Harvest, create


class Inbox:
    """What the mail server has taken; `open` says whether it takes anything."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.open = True

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not self.open:
            return "451 try again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos, mail))
        return "250 OK"


@pytest.fixture
def inbox(site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A mail server on this machine, and a portal that uses it."""
    from ckan.plugins import toolkit

    taken = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(taken, hostname="127.0.0.1", port=port)
    server.start()
    try:
        monkeypatch.setitem(toolkit.config, "smtp.server", f"127.0.0.1:{port}")
        monkeypatch.setitem(toolkit.config, "smtp.mail_from", "cong@thanhhoa.gov.vn")
        yield taken
    finally:
        server.stop()


@pytest.fixture
def source(harvest: Harvest) -> Harvest:
    """A source with a contact, and no other source that anybody waits for."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import source as table

    model.Session.execute(sa.update(table).values(config={}))
    contact = {"contact": {"email": "vanthu@thanhhoa.gov.vn"}}
    mine = sa.update(table).where(table.c.id == harvest.source_id)
    model.Session.execute(mine.values(config=contact))
    model.Session.commit()
    return harvest


def _fail(source: Harvest, code: str = "unreachable") -> None:
    run = source.run()
    source.ledger.finish(run, "failed", Problem(code, "http://so-y-te.local/api"))


def _try_at_once() -> None:
    """The pause after a mail that did not go out is over."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import notice

    model.Session.execute(sa.update(notice).values(not_before=sa.func.now()))
    model.Session.commit()


def test_a_failure_is_told_once_and_recovery_is_silent(inbox: Inbox, source: Harvest) -> None:
    from ckanext.thanhhoa import notices

    source.apply([create("a", source.dataset("a"))])
    assert notices.send_due() == 0, "all is well"
    _fail(source)
    assert notices.send_due() == 1
    ((to, mail),) = inbox.mails
    assert to == ["vanthu@thanhhoa.gov.vn"]
    assert "không đọc được" in mail["Subject"]
    text = mail.get_content()
    assert "Không kết nối được tới http://so-y-te.local/api" in text
    assert "/nguon-du-lieu/" in text
    _fail(source)
    assert notices.send_due() == 0, "the same trouble again"
    _fail(source, "auth_failed")
    assert notices.send_due() == 1, "another trouble"
    source.apply([create("b", source.dataset("b"))])
    assert notices.send_due() == 0, "recovered"
    _fail(source, "auth_failed")
    assert notices.send_due() == 1, "news after a recovery"
    assert len(inbox.mails) == 3


def test_a_mail_server_that_says_nothing_is_given_up(
    inbox: Inbox, source: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.plugins import toolkit
    from ckanext.thanhhoa import mailing, notices

    monkeypatch.setattr(mailing, "WITHIN", 0.5)
    server = toolkit.config["smtp.server"]
    _fail(source)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setitem(toolkit.config, "smtp.server", address)
        assert notices.send_due() == 0
    monkeypatch.setitem(toolkit.config, "smtp.server", server)
    _try_at_once()
    assert notices.send_due() == 1
    assert len(inbox.mails) == 1


def test_a_held_plan_asks_for_a_person(inbox: Inbox, source: Harvest) -> None:
    from ckanext.thanhhoa import notices

    from harvesters.ports import Verdict

    run = source.run()
    source.ledger.begin_plan(run)
    assert source.ledger.judge(run, Verdict(True, {"withdrawn": 9}, ("deletion_quota",))) == "held"
    assert notices.send_due() == 1
    ((_, mail),) = inbox.mails
    assert "chờ duyệt" in mail["Subject"]
    assert "vượt mức cho phép" in mail.get_content()


def test_a_mail_that_does_not_go_out_is_sent_later(inbox: Inbox, source: Harvest) -> None:
    from ckanext.thanhhoa import notices

    inbox.open = False
    _fail(source)
    assert notices.send_due() == 0
    inbox.open = True
    assert notices.send_due() == 0, "not at once"
    _try_at_once()
    assert notices.send_due() == 1
    assert len(inbox.mails) == 1


def test_without_a_mail_server_nothing_is_tried(source: Harvest) -> None:
    from ckanext.thanhhoa import notices

    _fail(source)
    assert notices.send_due() == 0


@pytest.mark.parametrize("address", ["a@b", "a@b.vn\nBcc: x@y.vn", "a@b.vn, c@d.vn", "không"])
def test_an_address_is_one_address(address: str) -> None:
    with pytest.raises(HarvestError) as refused:
        parse_config({"contact": {"email": address}})
    assert refused.value.code == "bad_setting"
