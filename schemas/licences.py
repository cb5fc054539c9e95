"""The codelist of terms of use in the form of CKAN's licence register."""

from __future__ import annotations

from typing import Any

import schemas


def ckan_register(language: str = "vi") -> list[dict[str, Any]]:
    """One dict for each licence, with the keys CKAN's register asks for (``licenses_group_url``).

    `od_conformance` is ``approved`` only for licences open by the Open Definition.
    """
    return [
        {
            "id": item.ma,
            "title": item.label(language),
            "url": item.extra.get("url", ""),
            "family": "",
            "maintainer": "",
            "status": "active",
            "domain_content": False,
            "domain_data": True,
            "domain_software": False,
            "is_generic": item.ma.startswith("other-") or item.ma == "notspecified",
            "od_conformance": "approved" if item.extra.get("mo") else "not reviewed",
            "osd_conformance": "not reviewed",
        }
        for item in schemas.codelist("licence")
    ]
