"""Who answers for data: offices and their mailboxes, never persons. Pure.

A catalogue's contact is as often an official as an office. A name is judged by its words, a mailbox
by what stands before the @; in doubt it is left out.
"""

from __future__ import annotations

import re

from schemas.text import fold

#: Words of the mailbox of an office: what it is for, or a Vietnamese office for short.
_OFFICE_MAILBOX = re.compile(
    r"(?:^|[._\d-])(?:"
    r"info|contact|lienhe|vanthu|vanphong|hotro|hanhchinh|phonghanhchinh|phongcntt|admin|webmaster|"
    r"gis|sig|geo(?:portal|data|info|ide)?|dulieu|data|opendata|metadata|catalog(?:ue)?|office|"
    r"support|helpdesk|help|services?|team|enquir(?:y|ies)|inquir(?:y|ies)|feedback|portal|library|"
    r"archives?|inspire|products?|ddtm?|"
    r"(?:ubnd|hdnd|bql|ttcntt|tttt|vpub|vpubnd)\w*|"
    r"so?(?:nnmt|nnptnt|tnmt|xd|yt|gddt|khcn|tc|khdt|ct|nv|tttt|vhttdl|ldtbxh|gtvt|tp)|"
    r"so(?:xaydung|yte|taichinh|congthuong|noivu|tuphap)"
    r")(?:$|[._\d-])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;]+\.[A-Za-z]{2,}")
#: Beginnings of names of Vietnamese bodies; accents tell “Trường” (school) from “Trương” (a name).
_BODIES = re.compile(
    r"(?:sở|ban|bộ|cục|chi cục|tổng cục|trung tâm|trường|viện|ủy ban|uỷ ban|ubnd|hđnd|hội|"
    r"công ty|tổng công ty|phòng|văn phòng|vườn quốc gia|khu bảo tồn|đài|trạm|thư viện|bảo tàng|"
    r"cổng|trang thông tin|liên đoàn|tỉnh|thành phố|huyện|xã|phường)\b",
    re.IGNORECASE,
)
_BODIES_ELSEWHERE = re.compile(
    r"\b(?:agency|ministry|department|council|institut\w*|university|universit\w+|service\w*|office|"
    r"authority|commission|cent(?:er|re)\w*|survey|bureau|association|company|ltd|inc|gmbh|"
    r"government|administration|board|committee|foundation|direction|minist\w+|geoscience)\b",
    re.IGNORECASE,
)
#: Names of functions that stand where a person's would.
_FUNCTION = re.compile(
    r"\b(?:coordinator|manager|steward|owner|administrator|team|helpdesk|help desk|contact)\b",
    re.IGNORECASE,
)
#: A person's name where a body's should be: a Vietnamese one in full (two words are as often a
#: place's), or a family name in capitals with a given name.
_PERSON = re.compile(
    r"(?:(?:Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Trịnh|Đinh|Mai|"
    r"Tô|Trương|Lưu|Cao|Hà|Đoàn|Lương|Tạ|Thái|Chu|Quách|Vương|Lâm|Kiều|Tống|Phùng)"
    r"(?: [^\W\d_]+){2,4}|[A-ZÀ-Þ]{5,} [A-ZÀ-Þ][a-zà-ÿ]+)"
)


def is_office(name: str) -> bool:
    """Whether a name is that of a body rather than of a person, as far as a name can tell."""
    plain = " ".join(name.split())
    return bool(_BODIES.match(plain) or _BODIES_ELSEWHERE.search(plain))


def is_person(name: str) -> bool:
    """Whether what stands for a body is evidently the name of a person (Geo-IDE does so)."""
    return not is_office(name) and _PERSON.fullmatch(" ".join(name.split())) is not None


def contact(organisation: str, email: str = "", person: str = "", url: str = "") -> dict[str, str]:
    """A row of `contact`: the organisation and, if it is an office's, the mailbox.

    The name of a person is not taken over, nor is a mailbox that is named after one.
    """
    found = _EMAIL.search(email)
    name = " ".join(organisation.split())
    row = {
        "name": "" if is_person(name) else name,
        "email": found[0] if found and _is_office_mailbox(found[0], person) else "",
        "url": url,
    }
    filled = {key: value for key, value in row.items() if value}
    return filled if "name" in filled or "email" in filled else {}


def _is_office_mailbox(email: str, person: str) -> bool:
    """Without a person's name beside it, a mailbox counts as an office's unless it is written
    ``first.last``, or is Vietnamese: officials' are ``lannt``, which looks like anything."""
    box, _, host = email.rpartition("@")
    words = [word for word in re.split(r"[^a-z]+", fold(person)) if len(word) > 2]
    squeezed = re.sub(r"[^a-z]", "", fold(box))
    if is_office(person) or _FUNCTION.search(person):
        return True
    if any(word in squeezed for word in words):
        return False
    if _OFFICE_MAILBOX.search(box):
        return True
    personal = re.fullmatch(r"[a-z]+[._][a-z]+\d*", box, re.IGNORECASE)
    return not (words or personal or host.lower().endswith(".vn"))
