"""What is covered: for each fault and source type the code that a person is told.

A type that is registered and stands in no table fails `test_every_source_type.py`. The words of
the tables are those of `CODES`. ``-`` is a fault that the type cannot meet, ``none`` an answer
that is an empty list to it (the run holds that), ``read`` one that it reads as good data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

CODES: Mapping[str, str] = {
    "html": "html_instead_of_data",
    "auth": "auth_failed",
    "said": "api_error",  # the service's own words are passed on
    "cut": "truncated",
    "json": "not_json",
    "xml": "not_xml",
    "rdf": "not_rdf",
    "form": "unexpected_answer",
    "code": "unknown_encoding",
    "deep": "too_deep",
    "ctx": "remote_context",
    "big": "too_large",
    "slow": "deadline",
    "away": "unreachable",
    "host": "host_not_granted",
    "list": "incomplete_listing",
    "page": "page_repeated",
    "tab": "no_table",
    "book": "not_a_workbook",
    "lock": "protected_file",
    "set": "bad_setting",
    "none": "",
    "read": "",
}
#: Types that speak HTTP. A name in the head is the beginning of a type's.
WEB = """
                         ckan csw  data dcat file oai  ogc  pxw  rest sdmx sens soap wfs
login page               html html html html html html html html html html html html html
login page called JSON   html html html html html html html html html html html html html
refused (403)            auth auth auth auth auth auth auth auth auth auth auth auth auth
broken (500)             said said said said said said said said said said said said said
success: false           said said said said tab  said said said said said said said said
empty body               cut  cut  cut  cut  tab  cut  cut  cut  cut  cut  cut  cut  cut
null                     form xml  form rdf  tab  xml  form tab  form xml  form xml  xml
empty list               form xml  form form tab  xml  form none none xml  form xml  xml
empty object             form xml  form form tab  xml  form tab  form xml  form xml  xml
shorter than promised    cut  cut  cut  cut  cut  cut  cut  cut  cut  cut  cut  cut  cut
JSON cut                 cut  xml  cut  cut  tab  xml  cut  cut  cut  xml  cut  xml  xml
XML cut                  json cut  json cut  tab  cut  json json json cut  json cut  cut
NUL bytes                cut  cut  cut  cut  tab  cut  cut  cut  cut  cut  cut  cut  cut
no encoding              code xml  code code code xml  code code code xml  code xml  xml
wrong type: picture      code xml  code code code xml  code code code xml  code xml  xml
wrong type: workbook     code xml  code code tab  xml  code code code xml  code xml  xml
wrong type: plain text   json xml  json rdf  tab  xml  json json json xml  json xml  xml
lists in lists           deep xml  deep deep tab  xml  deep deep deep xml  deep xml  xml
objects in objects       deep xml  deep deep tab  xml  deep deep deep xml  deep xml  xml
billion laughs           json xml  json xml  tab  xml  json json json xml  json xml  xml
outside entity           json xml  json xml  tab  xml  json json json xml  json xml  xml
remote @context          form xml  read ctx  tab  xml  form tab  form xml  said xml  xml
promise of 2 GB          big  big  big  big  big  big  big  big  big  big  big  big  big
gzip bomb                big  big  big  big  big  big  big  big  big  big  big  big  big
XLSX bomb                code xml  code code big  xml  code code code xml  code xml  xml
endless body             big  big  big  big  big  big  big  big  big  big  big  big  big
endless head             away away away away away away away away away away away away away
redirect in a circle     said said said said said said said said said said said said said
a byte now and then      slow slow slow slow slow slow slow slow slow slow slow slow slow
nobody there             away away away away away away away away away away away away away
host not granted         host host host host host host host host host host host host host
redirect elsewhere       host host host host host host host host host host host host host
name that moves          host host host host host host host host host host host host host
page repeated            list list -    page -    page list -    page -    list page -
"""
#: Files of a folder (`files`), and the one that a person uploads (its size is bounded there).
FILES = """
                         file uplo
empty CSV                tab  tab
empty workbook           tab  tab
empty file as workbook   cut  cut
no table                 tab  tab
text as workbook         tab  tab
zip as workbook          book book
picture as workbook      cut  cut
login page               html html
workbook cut             cut  cut
under a password         lock lock
NUL bytes as CSV         tab  tab
NUL bytes as workbook    cut  cut
old Vietnamese font      code code
XLSX bomb                big  big
file too large           big  -
"""
#: Databases. What is wrong with one query fails that dataset; the rest is the whole source's.
DATABASES = """
                         sql
nobody there             away
host not granted         host
wrong password           auth
account may not log in   auth
no right to read         auth
no such table            said
no such column           said
two statements           set
a statement that writes  set
query without end        slow
server that says nothing away
web server there         form
connection cut           away
too many rows            big
too many bytes           big
bytes of no encoding     code
a date beyond dates      said
"""
ALL = (WEB, FILES, DATABASES)


def rows_of(table: str) -> dict[str, dict[str, str]]:
    """Fault -> beginning of a type's name -> word."""
    head, *lines = table.strip("\n").splitlines()
    return {
        line[:25].strip(): dict(zip(head.split(), line[25:].split(), strict=True)) for line in lines
    }


def cells(table: str, types: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """(type, fault, word) of every cell that says something."""
    for fault, row in rows_of(table).items():
        for short, word in row.items():
            (type_,) = [name for name in types if name.startswith(short)]
            if word != "-":
                yield type_, fault, word
