"""CKAN's licences, from the portal's codelist."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.model.license import License, LicenseRegister
from ckanext.thanhhoa.helpers import language

import schemas
from schemas import Item


class Licence(License):
    """A licence whose title is in the reader's language."""

    def __init__(self, item: Item) -> None:
        # CKAN asks for the Open Definition's word; `open` says that it calls the licence open.
        conformance = "approved" if item.extra.get("open") else "not reviewed"
        super().__init__(
            {
                "id": item.ma,
                "url": str(item.extra.get("url") or ""),
                "status": "active",
                "family": "",
                "maintainer": "",
                "domain_data": True,
                "domain_content": False,
                "domain_software": False,
                "is_generic": item.ma.startswith("other-") or item.ma == "notspecified",
                "od_conformance": conformance,
            }
        )
        self._item = item

    @property
    def title(self) -> str:
        return self._item.label(language())

    def license_dictize(self) -> dict[str, Any]:
        return {**super().license_dictize(), "title": self.title}


class LicenceRegister(LicenseRegister):
    """The codelist ``licence`` as CKAN's register."""

    def __init__(self) -> None:
        self.licenses = [Licence(item) for item in schemas.codelist("licence")]


def install() -> None:
    """Puts the codelist where CKAN keeps its register."""
    model.Package._license_register = LicenceRegister()
