"""Mail to a source's contact when something needs them; silence when all is well.

After each run that has ended a worker compares what is wrong with what the contact was last told.
Only news is sent: the same trouble twice is one mail, and recovery is none. A mail that does not go
out is tried again later; that another worker sends it too is kept out by the notice's row lock.
"""

from __future__ import annotations

import hashlib
import json
import logging
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib import mailer
from ckan.plugins import PluginImplementations, toolkit
from ckan.plugins.interfaces import INotifier
from ckanext.thanhhoa import mailing
from ckanext.thanhhoa.model import notice, run, source
from ckanext.thanhhoa.run_causes import causes
from sqlalchemy.dialects.postgresql import insert

from harvesters.messages import held_reasons

log = logging.getLogger(__name__)

#: Causes told in one mail; the page has them all.
_TOLD = 5
#: Notices looked at in one go, and the longest pause between two tries (minutes).
_AT_ONCE, _LONGEST = 20, 60
_WORDS = {
    "vi": {
        "held": "Nguồn “{source}”: có thay đổi chờ duyệt",
        "failed": "Nguồn “{source}”: không đọc được",
        "partly": "Nguồn “{source}”: có vấn đề cần xử lý",
        "waits": "Lần chạy này đang chờ duyệt; chưa có gì được ghi vào Cổng.",
        "nothing": "Lần chạy không hoàn thành. Dữ liệu đang có trên Cổng vẫn giữ nguyên.",
        "some": "Những bản ghi đọc được đã được cập nhật. Các vấn đề sau cần xử lý:",
        "times": "({count} bản ghi)",
        "more": "Xem đầy đủ và xử lý tại: {url}",
        "end": "Thư này được gửi tự động. Cổng chỉ gửi khi có việc mới cần xử lý.",
    },
    "en": {
        "held": "Source “{source}”: changes wait for approval",
        "failed": "Source “{source}”: could not be read",
        "partly": "Source “{source}”: some of it needs attention",
        "waits": "The run waits for approval; nothing of it has been written to the portal.",
        "nothing": "The run did not end well. The data on the portal stay as they were.",
        "some": "The records that could be read were updated. These problems need attention:",
        "times": "({count} records)",
        "more": "See everything and act at: {url}",
        "end": "This mail was sent automatically, and only because something new needs attention.",
    },
}
_OPENING = {"held": "waits", "failed": "nothing", "partly": "some"}


def trouble(state: str, counts: Mapping[str, Any], complete: bool) -> str:
    """What a run that has ended asks of a person: held, failed or partly; "" when nothing."""
    if state in ("held", "failed"):
        return state
    if state == "applied" and (counts.get("failed") or not complete):
        return "partly"
    return ""


def digest(kind: str, held_because: Sequence[str], codes: Sequence[str]) -> str:
    """The same for the same trouble; empty when there is none."""
    if not kind:
        return ""
    told = json.dumps([kind, sorted(held_because), sorted(set(codes))])
    return hashlib.sha256(told.encode()).hexdigest()


def send_due() -> int:
    """Sends what is news; returns how many mails went out. For a worker, now and then."""
    if not toolkit.config.get("smtp.mail_from") and not list(PluginImplementations(INotifier)):
        return 0  # CKAN has a default for the server, none for who writes
    ids = [row.source_id for row in model.Session.execute(_waiting().limit(_AT_ONCE))]
    model.Session.commit()
    return sum(_tell(source_id) for source_id in ids)


def _waiting(source_id: str | None = None) -> Any:
    """Sources with a contact whose last ended run the contact's notice has not seen."""
    last = (
        sa.select(run)
        .where(run.c.ended_at.is_not(None))
        .distinct(run.c.source_id)
        .order_by(run.c.source_id, run.c.ended_at.desc())
        .subquery()
    )
    email = source.c.config["contact"]["email"].astext
    query = (
        sa.select(
            last,
            source.c.name,
            email.label("email"),
            source.c.config["contact"]["language"].astext.label("language"),
            notice.c.digest,
            notice.c.tries.label("sendings"),
        )
        .join(source, source.c.id == last.c.source_id)
        .outerjoin(notice, notice.c.source_id == source.c.id)
        .where(source.c.state == "active", sa.func.coalesce(email, "") != "")
        .where(sa.or_(notice.c.run_id.is_(None), notice.c.run_id != last.c.id))
        .where(sa.or_(notice.c.not_before.is_(None), notice.c.not_before < sa.func.now()))
        .order_by(last.c.ended_at)
    )
    return query if source_id is None else query.where(source.c.id == source_id)


def _tell(source_id: str) -> bool:
    """Sends the news of one source, if it still is news, and notes it. Commits."""
    model.Session.execute(insert(notice).values(source_id=source_id).on_conflict_do_nothing())
    mine = sa.select(notice.c.source_id).where(notice.c.source_id == source_id)
    if model.Session.execute(mine.with_for_update(skip_locked=True)).first() is None:
        model.Session.commit()
        return False
    row = model.Session.execute(_waiting(source_id)).first()
    if row is None:
        model.Session.commit()
        return False
    lang = "en" if row.language == "en" else "vi"
    kind = trouble(row.state, row.counts or {}, row.complete)
    found = causes(row.id, lang) if kind else []
    now = digest(kind, row.held_because, [cause["code"] for cause in found])
    seen: dict[str, Any] = {"run_id": row.id, "digest": now, "tries": 0, "not_before": None}
    sent = False
    if now and now != row.digest:
        sent = _sent(row, kind, found, lang)
        pause = min(2 ** (row.sendings or 0), _LONGEST)
        later = sa.func.now() + sa.literal_column(f"interval '{pause} minutes'")
        again = {"tries": notice.c.tries + 1, "not_before": later}
        seen = {**seen, "sent_at": sa.func.now()} if sent else again
    model.Session.execute(sa.update(notice).where(notice.c.source_id == source_id).values(**seen))
    model.Session.commit()
    return sent


def _sent(row: Any, kind: str, found: Sequence[Mapping[str, Any]], lang: str) -> bool:
    subject, body = compose(
        row.name, kind, row.held_because, found, _address(row.name, row.id), lang
    )
    headers = {"Auto-Submitted": "auto-generated"}
    try:
        mailing.mail(row.email, subject, body, headers)
    except (mailer.MailerException, smtplib.SMTPException, OSError) as error:
        log.warning("notice about source %s not sent: %s", row.name, str(error)[:300])
        return False
    log.info("notice about source %s sent: %s", row.name, kind)
    return True


def compose(
    name: str,
    kind: str,
    held_because: Sequence[str],
    found: Sequence[Mapping[str, Any]],
    url: str,
    lang: str = "vi",
) -> tuple[str, str]:
    """Subject and text of the mail."""
    words = _WORDS[lang]
    lines = [words[_OPENING[kind]], ""]
    lines += [f"- {reason}" for reason in held_reasons(list(held_because), lang)]
    for cause in found[:_TOLD]:
        times = f" {words['times'].format(count=cause['count'])}" if cause["count"] > 1 else ""
        lines += [f"- {cause['message']}{times}", f"  {cause['hint']}"]
    lines += ["", words["more"].format(url=url), "", words["end"]]
    return words[kind].format(source=name), "\n".join(lines)


def _address(name: str, run_id: str) -> str:
    """The run's page, from the site's address: a worker has no visitor whose language to keep."""
    site = str(toolkit.config["ckan.site_url"]).rstrip("/")
    return f"{site}/nguon-du-lieu/{name}/lan-chay/{run_id}"
