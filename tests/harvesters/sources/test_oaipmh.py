"""OAI-PMH repositories: listings, what has changed, deletions, errors of the protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from harvesters import mapping
from harvesters.errors import HarvestError
from harvesters.model import End, Failure, Unchanged
from harvesters.sources.oaipmh import SOURCE
from tests.harvesters.sources.web import Site, records

OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{}</OAI-PMH>'
DC = (
    '<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">{}</oai_dc:dc></metadata>'
)


@dataclass
class Repository:
    """A repository with numbered records, its pages, and what may go wrong with it."""

    stamps: dict[int, str]
    deleted: set[int] = field(default_factory=set)
    size: int | None = None
    rows: int = 10
    formats: tuple[str, ...] = ("oai_dc",)
    #: Records that only exist as Dublin Core.
    poor: set[int] = field(default_factory=set)
    forgets: int = 0
    circle: bool = False
    broken: set[int] = field(default_factory=set)
    metadata: str = "<dc:title>Bộ {n}</dc:title>"

    def answer(self, args):
        verb = args.get("verb", "")
        return getattr(self, verb, self.bad)(args)

    def bad(self, args):
        return self.error("badVerb")

    def error(self, code, said="không rõ"):
        return OAI.format(f'<error code="{code}">{said}</error>')

    def Identify(self, args):
        name = "<repositoryName>Kho luận án (mẫu)</repositoryName>"
        return OAI.format(f"<Identify>{name}</Identify>")

    def ListMetadataFormats(self, args):
        each = "<metadataFormat><metadataPrefix>{}</metadataPrefix></metadataFormat>"
        body = "".join(map(each.format, self.formats))
        return OAI.format(f"<ListMetadataFormats>{body}</ListMetadataFormats>")

    def ListIdentifiers(self, args):
        return self.listing("ListIdentifiers", args, self.header)

    def ListRecords(self, args):
        return self.listing("ListRecords", args, self.record)

    def GetRecord(self, args):
        number = int(args["identifier"].rpartition(":")[2])
        if number not in self.stamps:
            return self.error("idDoesNotExist")
        return OAI.format(f"<GetRecord>{self.record(number)}</GetRecord>")

    def header(self, n):
        status = ' status="deleted"' if n in self.deleted else ""
        id_ = f"<identifier>oai:k:{n}</identifier>"
        return f"<header{status}>{id_}<datestamp>{self.stamps[n]}</datestamp></header>"

    def record(self, n):
        inner = self.metadata.replace("{n}", str(n)) if n not in self.broken else ""
        body = "" if n in self.deleted else DC.format(inner)
        return f"<record>{self.header(n)}{body}</record>"

    def listing(self, verb, args, shown):
        start, prefix, from_ = 0, args.get("metadataPrefix"), args.get("from", "")
        if "resumptionToken" in args:
            at, prefix, from_ = args["resumptionToken"].split("|")
            start = 0 if self.circle else int(at)
            if self.forgets:
                self.forgets -= 1
                return self.error("badResumptionToken")
        if prefix not in self.formats:
            return self.error("cannotDisseminateFormat")
        poor = self.poor if prefix != "oai_dc" else set()
        numbers = [n for n, s in sorted(self.stamps.items()) if s >= from_ and n not in poor]
        if not numbers:
            return self.error("noRecordsMatch")
        size = f' completeListSize="{self.size}"' if self.size is not None else ""
        end = start + self.rows
        following = f"{end}|{prefix}|{from_}" if end < len(numbers) else ""
        token = f"<resumptionToken{size}>{following}</resumptionToken>"
        if len(numbers) <= self.rows:
            token = token if size else ""
        items = "".join(map(shown, numbers[start:end]))
        return OAI.format(f"<{verb}>{items}{token}</{verb}>")


@pytest.fixture
def kho(httpserver):
    site = Site(httpserver)
    repository = Repository({n: f"2025-01-{n:02}" for n in range(1, 26)})
    site.answer = lambda args: (repository.answer(args), "text/xml")
    repository.site = site
    return repository


def read(kho, since=None, **settings):
    kho.site.asked.clear()
    return kho.site.read("oaipmh", "/oai?verb=Identify", since, **settings)


def kinds(items):
    return Counter(type(item).__name__ for item in items)


def marks(items):
    return {record.remote_id: record.mark for record in records(items)}


def verbs(kho):
    return Counter(path.partition("verb=")[2].partition("&")[0] for path in kho.site.asked)


def test_all_pages_are_read(kho):
    items = read(kho)
    assert [r.remote_id for r in records(items)] == [f"oai:k:{n}" for n in range(1, 26)]
    assert items[-1] == End(True, None)
    assert verbs(kho) == {"ListMetadataFormats": 1, "ListRecords": 3}


def test_fewer_than_the_list_is_long_are_incomplete(kho):
    kho.size = 30
    end = read(kho)[-1]
    assert (end.complete, end.expected, end.problem.code) == (False, 30, "incomplete_listing")
    kho.size = 25
    assert read(kho)[-1] == End(True, 25)


def test_deleted_records_are_not_listed_but_counted(kho):
    kho.size, kho.deleted = 25, {3, 14}
    items = read(kho)
    assert kinds(items) == {"Record": 23, "End": 1}
    assert items[-1].complete
    held = marks(items) | {"oai:k:3": "oai_dc 2024-01-01"}
    again = read(kho, held)
    assert kinds(again) == {"Unchanged": 23, "End": 1}
    assert Unchanged("oai:k:3") not in again


def test_unchanged_records_are_listed_but_not_read(kho):
    held = marks(read(kho))
    items = read(kho, held)
    assert kinds(items) == {"Unchanged": 25, "End": 1}
    assert items[-1].complete
    assert verbs(kho) == {"ListMetadataFormats": 1, "ListIdentifiers": 3}


def test_a_few_changed_records_are_asked_for_one_by_one(kho):
    held = marks(read(kho))
    kho.stamps |= {5: "2025-06-01", 6: "2025-06-01", 99: "2025-06-02"}
    items = read(kho, held)
    assert {r.remote_id for r in records(items)} == {"oai:k:5", "oai:k:6", "oai:k:99"}
    assert kinds(items) == {"Record": 3, "Unchanged": 23, "End": 1}
    assert verbs(kho)["GetRecord"] == 3
    assert marks(items)["oai:k:5"] == "oai_dc 2025-06-01"


def test_many_changed_records_are_listed_from_the_earliest_change_on(kho):
    held = marks(read(kho))
    kho.stamps |= {n: f"2025-06-{n:02}" for n in range(3, 26)}
    items = read(kho, held)
    assert kinds(items) == {"Record": 23, "Unchanged": 2, "End": 1}
    assert verbs(kho)["ListRecords"] == 3
    assert verbs(kho)["GetRecord"] == 0
    assert any("from=2025-06-03" in path for path in kho.site.asked)


def test_what_vanished_between_the_lists_fails_and_is_not_withdrawn(kho):
    held = marks(read(kho))
    kho.stamps[5] = "2025-06-01"
    kho.GetRecord = lambda args: kho.error("idDoesNotExist")
    items = read(kho, held)
    (failure,) = [item for item in items if isinstance(item, Failure)]
    assert (failure.problem.code, failure.problem.record) == ("api_error", "oai:k:5")
    assert "idDoesNotExist" in failure.problem.params["detail"]


def test_a_forgotten_resumption_token_begins_the_list_again_once(kho):
    kho.forgets = 1
    items = read(kho)
    assert kinds(items) == {"Record": 25, "End": 1}
    assert items[-1] == End(True, None)
    kho.forgets = 2
    with pytest.raises(HarvestError, match="badResumptionToken"):
        read(kho)


def test_a_token_that_leads_in_a_circle_ends(kho):
    kho.circle = True
    with pytest.raises(HarvestError) as error:
        read(kho)
    assert error.value.code == "page_repeated"
    assert len(kho.site.asked) == 3


def test_no_records_is_a_complete_listing_of_nothing(kho):
    kho.stamps = {}
    assert read(kho) == [End(True, 0)]
    assert read(kho, {"oai:k:1": "oai_dc 2025-01-01"}) == [End(True, 0)]


def test_a_record_without_a_title_fails_alone(kho):
    kho.broken = {2}
    items = read(kho)
    (failure,) = [item for item in items if isinstance(item, Failure)]
    assert (failure.problem.code, failure.problem.record) == ("missing_value", "oai:k:2")
    assert kinds(items) == {"Record": 24, "Failure": 1, "End": 1}


@pytest.mark.parametrize(
    ("formats", "poor", "expected"),
    [
        (("oai_dc", "marc21"), set(), "oai_dc"),
        (("oai_dc", "oai_datacite"), set(), "oai_datacite"),
        (("oai_dc", "oai_datacite", "dcat_ap"), set(), "dcat_ap"),
        (("oai_dc", "oai_datacite"), {7}, "oai_dc"),
        (("datacite",), set(), "datacite"),
    ],
)
def test_a_richer_format_is_read_where_all_records_have_it(kho, formats, poor, expected):
    kho.rows, kho.formats, kho.poor = 100, formats, poor
    items = read(kho)
    assert {mark.partition(" ")[0] for mark in marks(items).values()} == {expected}
    assert items[-1].complete


def test_a_new_format_makes_every_record_new(kho):
    held = marks(read(kho))
    kho.rows, kho.formats = 100, ("oai_dc", "datacite")
    assert kinds(read(kho, held)) == {"Record": 25, "End": 1}


def test_only_records_of_a_kind(kho):
    kho.metadata = "<dc:title>Bộ {n}</dc:title><dc:type>http://purl.org/coar/Dataset</dc:type>"
    assert len(records(read(kho, types=["dataset"]))) == 25
    assert read(kho, types=["article"]) == [End(True, None)]


def test_a_record_in_the_portals_words(kho):
    kho.metadata = (
        "<dc:title>Bộ {n}</dc:title><dc:subject>Thủy sản</dc:subject><dc:date>2021</dc:date>"
        "<dc:identifier>10.5555/abc</dc:identifier><dc:rights>CC BY 4.0</dc:rights>"
        "<dc:coverage>POINT(105.8 19.8)</dc:coverage><dc:language>vi</dc:language>"
    )
    made, notes = mapping.map_record(
        "0f6a3c1e-2f0c-4d8e-9a59-b2d6f3a1c7e4", records(read(kho))[0], SOURCE.mapping, {}
    )
    assert notes == []
    assert made.fields["theme"] == ["08"]
    assert made.fields["license_id"] == "CC-BY-4.0"
    assert made.fields["url"] == "https://doi.org/10.5555/abc"
    assert (made.fields["issued"], made.fields["language"]) == ("2021", ["vi"])
    assert list(made.fields["spatial_coverage"][0]) == ["centroid"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "truncated"),
        ("<html></html>", "html_instead_of_data"),
        ("<a/>", "unexpected_answer"),
        (OAI.format("<ListRecords>")[:-20], "truncated"),
        ('{"a": 1}', "not_xml"),
        ('<!DOCTYPE a [<!ENTITY x "y">]>' + OAI.format("&x;"), "not_xml"),
        (OAI.format('<error code="badArgument">x</error>'), "api_error"),
    ],
)
def test_what_is_no_repository_is_named(kho, body, code):
    kho.site.pages["/oai"] = body
    assert kho.site.code("oaipmh", "/oai", prefix="oai_dc") == code
    assert kho.site.probe("oaipmh", "/oai") is None


def test_probe_says_its_name_and_how_many(kho):
    probe = kho.site.probe("oaipmh", "/oai?verb=Identify")
    assert (probe.title, probe.datasets) == ("Kho luận án (mẫu)", None)
    kho.size = 25
    assert kho.site.probe("oaipmh", "/oai").datasets == 25
    kho.size, kho.rows = None, 100
    assert kho.site.probe("oaipmh", "/oai").datasets == 25
    kho.stamps = {}
    assert kho.site.probe("oaipmh", "/oai").datasets == 0
