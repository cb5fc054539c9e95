"""Property: whatever a record says, mapped and written, is what the catalogue gives back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import schemas
from harvesters.errors import HarvestError
from harvesters.mapping import map_record
from harvesters.model import Record, RecordResource
from tests.ckanext.harvest_rig import create, update

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạếềểễệ AĐƯ0123456789 .,;:–“”\"'<>&%/()\n\t{}[]\\"
TEXT = st.text(LETTERS, max_size=60)


def _codes(name: str) -> Any:
    return st.sampled_from([item.ma for item in schemas.codelist(name)])


YEARS = st.integers(1990, 2030).map(str)
DATES = st.dates().filter(lambda d: d.year >= 1900).map(str)
FIELDS = st.fixed_dictionaries(
    {"title": TEXT.filter(str.strip)},
    optional={
        "title_en": TEXT,
        "notes": TEXT,
        "notes_en": TEXT,
        "theme": st.lists(_codes("theme"), max_size=4, unique=True),
        "tags": st.lists(TEXT, max_size=5),
        "access_rights": _codes("access_class"),
        "frequency": _codes("frequency"),
        "license_id": _codes("licence"),
        "language": st.lists(_codes("language"), max_size=2, unique=True),
        "temporal_coverage": st.lists(
            st.fixed_dictionaries({}, optional={"start_period": YEARS, "start": DATES}), max_size=2
        ),
        "spatial_coverage": st.lists(
            st.fixed_dictionaries({}, optional={"code": st.just("38"), "text": TEXT}), max_size=2
        ),
        "version": TEXT.map(lambda t: t[:50]),
        "issued": DATES,
        "modified": st.sampled_from(["30/6/2025", "2025-06", "2025-06-30T08:00:00Z"]),
        "contact": st.lists(
            st.fixed_dictionaries(
                {},
                optional={"name": TEXT, "email": st.just("a@b.vn"), "phone": st.just("0237 123")},
            ),
            max_size=2,
        ),
        "indicator": st.lists(_codes("indicator"), max_size=2, unique=True),
        "applicable_legislation": st.lists(_codes("legal_basis"), max_size=2, unique=True),
        "quality_statement": TEXT,
        "provenance": TEXT,
        "identifier": TEXT,
        "url": st.just("https://example.org/a?b=c&d=đ"),
        "source_system": TEXT,
    },
)
RESOURCES = st.lists(
    st.fixed_dictionaries(
        {"url": st.sampled_from(["https://e.org/a.csv", "http://e.org/ă b", "ftp://e.org/x.zip"])},
        optional={
            "name": TEXT,
            "description": TEXT,
            "format": st.sampled_from(["CSV", "XLSX", "JSON", "Shapefile"]),
            "period": st.sampled_from(["2024", "2011/2024", "20241"]),
            "unit": TEXT,
            "language": st.lists(_codes("language"), max_size=1),
            "size": st.integers(0, 2**40),
            "issued": DATES,
        },
    ),
    max_size=3,
)


@pytest.mark.parametrize("action", ["create", "update"])
def test_what_is_mapped_is_what_comes_back(harvest: Any, action: str) -> None:
    if action == "update":
        harvest.apply([create("r", harvest.dataset("r", notes="Trước", version="1"))])

    @settings(
        max_examples=40,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(FIELDS, RESOURCES)
    def round_trip(fields: dict[str, Any], resources: list[dict[str, Any]]) -> None:
        remote_id = "r" if action == "update" else repr((fields, resources))
        listed = tuple(RecordResource(str(n), r) for n, r in enumerate(resources))
        try:
            dataset, _ = map_record(harvest.source_id, Record(remote_id, fields, listed), {}, {})
        except HarvestError:
            return  # what the mapping refuses is not the catalogue's
        line = {"create": create, "update": update}[action](remote_id, dataset)
        (outcome,) = harvest.apply([line])
        assert outcome.problem is None
        (held,) = harvest.catalog.current([dataset.id]).values()
        # Only the access class has a default.
        assert held.fields == {"access_rights": "PUBLIC", **dataset.fields}
        assert held.resources == dataset.resources

    round_trip()
