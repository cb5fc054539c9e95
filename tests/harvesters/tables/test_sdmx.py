"""SDMX messages and structures: figures, forms, places where messages break; and the real ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.model import Table
from harvesters.tables import sdmx_message
from harvesters.tables.cube import MAX_CELLS
from harvesters.tables.sdmx import Message, Ref, Structures, closest, read_figure, ref_of_urn
from harvesters.tables.sdmx_table import dataset_fields, make_table
from tests import recorded

REAL = recorded.REAL / "sdmx"
real = pytest.mark.skipif(not REAL.is_dir(), reason=recorded.NOT_HERE)
HEAD = "<Header><Prepared>2025-01-02T03:04:05</Prepared></Header>"


def _xml(body: str, root: str = "CompactData") -> Response:
    return Response("x.xml", f"<?xml version='1.0'?><{root}>{HEAD}{body}</{root}>".encode())


def _table(answer: Response, known: Structures | None = None) -> Table:
    known = known or Structures()
    (data,) = sdmx_message.data(answer, known).datasets
    return make_table(data, known, answer.url).table


def _code(answer: Response, most: int = MAX_CELLS) -> str:
    with pytest.raises(HarvestError) as caught:
        sdmx_message.data(answer, Structures(), most=most)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "figure", "sign", "local"),
    [
        ("21458", 21458, "", False),
        ("24055.76923076922", Decimal("24055.76923076922"), "", False),
        ("-981.1916659999997", Decimal("-981.1916659999997"), "", False),
        ("1.5E3", Decimal("1.5E3"), "", False),
        (".5", Decimal("0.5"), "", False),
        ("2.767.229,12", Decimal("2767229.12"), "", True),
        ("1.528.066", Decimal(1528066), "", True),
        ("-164,25", Decimal("-164.25"), "", True),
        ("1,234", None, "1,234", False),  # thousands or decimals: nobody can tell
        ("7 902.3", Decimal("7902.3"), "", True),
        ("7\u00a0902,3", Decimal("7902.3"), "", True),
        ("79 02", None, "79 02", False),
        ("519.4sb", Decimal("519.4"), "sơ bộ", True),
        ("x sb", None, "x sb", False),
        ("NaN", None, "", False),
        ("", None, "", False),
        (None, None, "", False),
        ("na", None, "na", False),
        ("INF", None, "INF", False),
        ("1E999", None, "1E999", False),  # a thousand digits in a database
        ("1E99999999", None, "1E99999999", False),
    ],
)
def test_a_figure_is_read_as_it_was_published(
    text: str | None, figure: object, sign: str, local: bool
) -> None:
    read = read_figure(text)
    assert (read.figure, read.sign, read.local) == (figure, sign, local)
    assert type(read.figure) is type(figure)


def test_references_are_found_in_every_form_and_in_the_nearest_version() -> None:
    urn = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=IMF:ECOFIN_DSD(1.0)"
    assert ref_of_urn(urn) == Ref("IMF", "ECOFIN_DSD", "1.0")
    assert ref_of_urn("IMF.STA:CPI(3.0.1+)") == Ref("IMF.STA", "CPI", "3.0.1+")
    assert ref_of_urn("ECOFIN_DSD") is None
    known = [Ref("A", "X", "1.9"), Ref("A", "X", "1.10"), Ref("B", "X", "7.0")]
    assert closest(Ref("A", "X", "1.9"), known) == known[0]
    assert closest(Ref("A", "X", "2.0+"), known) == known[1]
    assert closest(Ref("", "X"), known) == known[2]
    assert closest(Ref("C", "X"), known) is None


def test_dimensions_are_told_from_attributes_by_their_names_without_a_structure() -> None:
    table = _table(
        _xml(
            "<DataSet><Series FREQ='A' AREA='380' UNIT_MULT='3' OBS_PRE_BREAK='x'>"
            "<Obs TIME_PERIOD='2024' OBS_VALUE='1' LY_DO='y'/></Series></DataSet>"
        )
    )
    assert {column.name: column.role for column in table.columns} == {
        "freq": "dimension",
        "ten_freq": "dimension",
        "area": "dimension",
        "time_period": "time",
        "obs_value": "measure",
        "unit_mult": "note",
        "obs_pre_break": "note",
        "ly_do": "note",
    }


def test_series_keep_their_order_and_their_periods_are_sorted() -> None:
    table = _table(
        _xml(
            "<DataSet><Series K='z'><Obs TIME_PERIOD='2004' OBS_VALUE='4'/>"
            "<Obs TIME_PERIOD='2003' OBS_VALUE='3'/></Series>"
            "<Series K='a'><Obs TIME_PERIOD='2004' OBS_VALUE='5'/></Series></DataSet>"
        )
    )
    assert table.rows == (("z", "2003", 3), ("z", "2004", 4), ("a", "2004", 5))


def test_the_last_of_repeated_observations_holds_and_is_told() -> None:
    answer = _xml(
        "<DataSet><Series K='a'><Obs TIME_PERIOD='2004' OBS_VALUE='4'/>"
        "<Obs TIME_PERIOD='2004' OBS_VALUE='4'/><Obs TIME_PERIOD='2004' OBS_VALUE='5'/>"
        "</Series></DataSet>"
    )
    (data,) = sdmx_message.data(answer, Structures()).datasets
    made = make_table(data, Structures(), "x")
    assert made.table.rows == (("a", "2004", 5),)
    assert [(n.code, n.note, n.params["count"]) for n in made.notes] == [
        ("figures_repeated", True, "1")
    ]


def test_the_generic_form_of_version_2_0() -> None:
    table = _table(
        _xml(
            "<DataSet><KeyFamilyRef>KF</KeyFamilyRef><Series><SeriesKey>"
            "<Value concept='AREA' value='380'/></SeriesKey><Attributes>"
            "<Value concept='DVT' value='ha'/></Attributes><Obs><Time>2011</Time>"
            "<ObsValue value='7.50'/></Obs></Series></DataSet>",
            "GenericData",
        )
    )
    assert [c.name for c in table.columns] == ["area", "time_period", "obs_value", "dvt"]
    assert table.rows == (("380", "2011", Decimal("7.50"), "ha"),)


def test_a_structure_of_version_2_0_names_codes_by_description() -> None:
    answer = Response(
        "s.xml",
        """<Structure><Header/><CodeLists><CodeList id='CL' agency='TH' version='1.0'>
        <Code value='380'><Description xml:lang='vi'>Thành phố</Description></Code></CodeList>
        </CodeLists><Concepts><Concept id='AREA'><Name xml:lang='vi'>Nơi</Name></Concept></Concepts>
        <KeyFamilies><KeyFamily id='KF' agency='TH'><Name>KF</Name><Components>
        <Dimension conceptRef='AREA' codelist='CL' codelistAgency='TH'/>
        <TimeDimension conceptRef='TIME_PERIOD'/><PrimaryMeasure conceptRef='OBS_VALUE'/>
        <Attribute conceptRef='DVT' attachmentLevel='Series'/></Components></KeyFamily>
        </KeyFamilies></Structure>""".encode(),
    )
    known = sdmx_message.structures(answer)
    definition = known.definition(Ref("", "KF"))
    assert definition is not None
    assert [(c.id, c.kind) for c in definition.components] == [
        ("AREA", "dimension"),
        ("TIME_PERIOD", "time"),
        ("OBS_VALUE", "measure"),
        ("DVT", "attribute"),
    ]
    body = "<DataSet keyFamilyURI='x'><KeyFamilyRef>KF</KeyFamilyRef><Series AREA='380'>" + (
        "<Obs TIME_PERIOD='2011' OBS_VALUE='1'/></Series></DataSet>"
    )
    table = _table(_xml(body), known)
    assert [(c.name, c.title) for c in table.columns][:2] == [
        ("area", "Mã Nơi"),
        ("ten_area", "Nơi"),
    ]
    assert table.rows[0][1] == "Thành phố"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "truncated"),
        (b"\xef\xbb\xbf  ", "truncated"),
        (b"<!doctype html><html></html>", "html_instead_of_data"),
        (b"<CompactData><DataSet><Series", "truncated"),
        (b"<CompactData><DataSet></Series></DataSet></CompactData>", "not_xml"),
        (b"<CompactData>" + b"<a>" * 300 + b"</a>" * 300 + b"</CompactData>", "too_deep"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><CompactData>&a;</CompactData>", "not_xml"),
        (b"<CompactData>&a;</CompactData>", "not_xml"),
        (b"<rss/>", "no_table"),
        (b"a,b\n1,2\n", "no_table"),
        (b'{"a": 1}', "no_table"),
        (b'{"dataSets": [', "truncated"),
        (b'{"errors": [{"code": 150, "title": "khoa sai"}]}', "api_error"),
        (b'{"dataSets": [{"observations": {"9:9": [1]}}], "structure": {}}', "unexpected_answer"),
        (b"DATAFLOW,A,OBS_VALUE\nX,1\n", "truncated"),
        (b"<Error><ErrorMessage code='140'><Text>no</Text></ErrorMessage></Error>", "api_error"),
        (b"<Error><ErrorMessage code='510'><Text>big</Text></ErrorMessage></Error>", "too_large"),
    ],
)
def test_a_broken_message_says_what_it_is(content: bytes, code: str) -> None:
    assert _code(Response("x", content)) == code


def test_more_cells_than_a_table_may_have_are_refused_while_reading() -> None:
    body = "<Obs TIME_PERIOD='2011' OBS_VALUE='1'/>" * 11
    assert _code(_xml(f"<DataSet><Series>{body}</Series></DataSet>"), 20) == "too_large"
    assert _code(Response("x", b"DATAFLOW,A,OBS_VALUE\n" + b"X,1,2\n" * 11), 20) == "too_large"


def test_an_empty_data_set_is_no_table() -> None:
    answer = _xml("<DataSet/>")
    (data,) = sdmx_message.data(answer, Structures()).datasets
    with pytest.raises(HarvestError) as caught:
        make_table(data, Structures(), "x")
    assert caught.value.code == "no_table"


def test_csv_with_labels_and_a_deletion() -> None:
    text = (
        "STRUCTURE,STRUCTURE_ID,ACTION,HUYEN: Huyện,TIME_PERIOD,OBS_VALUE,UPDATED\n"
        "dataflow,TH:A(1.0),I,380: Thành phố,2024,12.40,2021-01-22T13:15:41Z\n"
        "dataflow,TH:A(1.0),D,380: Thành phố,2023,,\n"
    )
    table = _table(Response("x.csv", text.encode("utf-8-sig")))
    assert table.rows == (("380", "Thành phố", "2024", Decimal("12.40"), "2021-01-22T13:15:41Z"),)


# The recorded messages


def _real(name: str, known: Structures | None = None) -> tuple[Message, Structures]:
    known = known or Structures()
    return sdmx_message.data(Response(name, (REAL / name).read_bytes()), known), known


def _structures(*names: str) -> Structures:
    known = Structures()
    for name in names:
        known.add(sdmx_message.structures(Response(name, (REAL / name).read_bytes())))
    return known


def _rows(table: Table) -> dict[tuple[object, ...], object]:
    """Figures by indicator, frequency and period."""
    at = {column.name: place for place, column in enumerate(table.columns)}
    return {
        (row[at["indicator"]], row[at["freq"]], row[at["time_period"]]): row[at["obs_value"]]
        for row in table.rows
    }


#: File: rows, series, first and last period, frequency, and figures checked by eye in the file.
VIETNAM = {
    "vn_CPIVNM.xml": (
        "Chỉ số giá tiêu dùng", 1683, 33, ("202008", "202410"), "MONTHLY",
        {("PCPI_IX", "M", "2020-08"): Decimal("102.8928")},
    ),
    "vn_GDPVNM.xml": (
        "Tài khoản quốc gia", 5818, 193, ("1986", "2024"), "QUARTERLY",
        {("NGDP_XDC", "A", "2004"): Decimal("779337.6704454578"),
         ("NGDPTXS_R_XDC", "Q", "2024-Q3"): Decimal("136756.55766712813")},
    ),
    "vn_LMIVNM.xml": (
        "Thị trường lao động", 737, 15, ("20111", "20243"), "QUARTERLY",
        {("LLF_PE_NUM", "Q", "2012-Q1"): Decimal("51978.4"),
         ("LMEF_AVG_XDC", "Q", "2024-Q3"): None,
         ("LUM_PE_NUM", "Q", "2023-Q2"): Decimal("519.4"),
         ("LME_AVG_XDC", "Q", "2023-Q1"): Decimal("7902.3"),
         },
    ),
    "vn_METVNM.xml": (
        "Xuất nhập khẩu hàng hóa", 17206, 106, ("201001", "202410"), "MONTHLY",
        {("TB_USD", "M", "2010-01"): Decimal("-981.1916659999997"),
         ("TMG_H5_XX_CIF_USD", "M", "2024-10"): Decimal("1823.952596")},
    ),
    "vn_MOF_CGD.xml": (
        "Nợ của Chính phủ", 245, 70, ("2013", "2019"), "ANNUAL_2",
        {("VNM_CGD_TD_XDC", "A", "2013"): Decimal("1528066.24"),
         ("VNM_CGD_TD_XDC", "A", "2018"): Decimal("2767229.12"),
         ("VNM_CGD_TD_XDC", "S", "2019-S1"): Decimal("2802593.63"),
         ("VNM_CGD_TDSNDSIP_XDC", "S", "2019-S1"): Decimal("164.25")},
    ),
    "vn_POPVNM.xml": (
        "Dân số", 165, 11, ("2009", "2023"), "ANNUAL",
        {("LP_PE_NUM", "A", "2009"): 86025,
         ("VNM_LP_MRD_PE_NUM", "A", "2023"): Decimal("17463.286943900974")},
    ),
    "vn_SBV.EXR.xml": (
        "Tỷ giá hối đoái", 232, 2, ("201501", "202408"), "MONTHLY",
        {("ENDE_MID_XDC_USD_RATE", "M", "2015-01"): 21458,
         ("ENDA_MID_XDC_USD_RATE", "M", "2024-08"): Decimal("24245.85185185185")},
    ),
}  # fmt: skip


@real
@pytest.mark.parametrize("with_structure", [False, True])
@pytest.mark.parametrize("name", sorted(VIETNAM))
def test_the_files_of_the_statistics_office_of_viet_nam(name: str, with_structure: bool) -> None:
    title, count, series, span, frequency, figures = VIETNAM[name]
    known = _structures("imf_ECOFIN_DSD.xml") if with_structure else Structures()
    message, known = _real(name, known)
    (data,) = message.datasets
    made = make_table(data, known, name)
    fields = dataset_fields(data, message, known, name, name)
    assert fields["title"] == title
    assert (fields["temporal_coverage"], fields["frequency"]) == (
        [{"start_period": span[0], "end_period": span[1]}],
        frequency,
    )
    assert fields["modified"] in (REAL / name).read_text("utf-8")[:3000]
    rows = _rows(made.table)
    assert len(made.table.rows) == len(rows) == count
    assert len({key[:2] for key in rows}) == series
    assert {key: rows[key] for key in figures} == figures
    roles = {column.name: column.role for column in made.table.columns}
    assert [n for n, role in roles.items() if role in ("dimension", "time")][-1] == "time_period"
    assert roles["unit_mult"] == "note"
    assert roles["obs_value"] == "measure"
    empty = [key for key, value in rows.items() if value is None]
    written = (REAL / name).read_text("utf-8")
    assert len(empty) == written.count('OBS_VALUE="na"')
    assert [note.code for note in made.notes] == (
        ["local_figures_read"] if name in ("vn_MOF_CGD.xml", "vn_LMIVNM.xml") else []
    )


@real
def test_the_figures_in_the_local_form_are_counted() -> None:
    message, known = _real("vn_MOF_CGD.xml")
    (note,) = make_table(message.datasets[0], known, "x").notes
    assert (note.note, note.params) == (True, {"count": "50", "example": "2.767.229,12"})


@real
def test_the_structure_of_the_files_of_viet_nam() -> None:
    known = _structures("imf_ECOFIN_DSD.xml")
    definition = known.definition(Ref("IMF", "ECOFIN_DSD", "1.0"))
    assert definition is not None
    assert [c.id for c in definition.of("dimension")] == [
        "DATA_DOMAIN", "REF_AREA", "INDICATOR", "COUNTERPART_AREA", "FREQ",
    ]  # fmt: skip
    assert {c.id for c in definition.of("attribute")} == {
        "COMMENT", "BASE_PER", "UNIT_MULT", "OBS_STATUS", "TIME_FORMAT",
    }  # fmt: skip
    (flow,) = known.flows.values()
    assert (flow.ref, flow.names) == (
        Ref("IMF", "SPI", "1.0"),
        {"en": "Stock Market: Share Price Index"},
    )
    assert len(known.codelists) == 12


@real
def test_the_other_structures() -> None:
    flows = _structures("insee_dataflow.xml").flows
    assert len(flows) == 663
    first = next(iter(flows.values()))
    assert first.names["fr"] == "Activité par sexe et âge - Séries trimestrielles"
    assert first.structure == Ref("FR1", "ACT-TRIM-ANC", "1.0")
    areas = _structures("imf_CL_AREA.xml").codes(Ref("IMF", "CL_AREA", "1.15"))
    assert len(areas) == 901
    frequencies = _structures("imf_CL_FREQ.xml").codes(Ref("IMF", "CL_FREQ", "1.0"))
    assert frequencies["A"].names["pt"] == "Anual"
    partial = _structures("unsd_codelist_partial.xml")
    assert partial.codes(Ref("UNSD", "CL_AREA"))["001"].names == {"en": "World"}
    ecb = _structures("ecb_EXR_structure.xml").definition(Ref("ECB", "ECB_EXR1"))
    assert ecb is not None
    assert [c.id for c in ecb.of("dimension")] == [
        "FREQ", "CURRENCY", "CURRENCY_DENOM", "EXR_TYPE", "EXR_SUFFIX",
    ]  # fmt: skip
    (estat,) = _structures("estat_GOV_10Q_GGNFA.xml").flows.values()
    assert (estat.observations, estat.ref.id) == (1331280, "GOV_10Q_GGNFA")
    available = _structures("imf_availableconstraint_CPI.xml").availability
    assert available is not None
    assert available.series == 12
    assert available.values["FREQUENCY"] == ("A", "M", "Q")


@real
def test_data_of_other_offices() -> None:
    known = _structures("ecb_EXR_structure.xml", "insee_dataflow.xml")
    message, _ = _real("ecb_EXR_M.USD.xml", known)
    table = make_table(message.datasets[0], known, "x").table
    assert len(table.rows) == 252
    assert table.rows[0][6:9] == ("1999-01", Decimal("1.16078"), "4")
    message, _ = _real("insee_IPI-2010-A21.xml", known)
    fields = dataset_fields(message.datasets[0], message, known, "x", "x")
    assert fields["title_en"] == "Industrial production index (base 2010) - NAF level A21"
    table = make_table(message.datasets[0], known, "x").table
    written = (REAL / "insee_IPI-2010-A21.xml").read_text("utf-8")
    assert len(table.rows) == written.count("<generic:Obs>") == 3230
    assert table.rows[0][:5] == ("M", "Tháng", "B", "BRUT", "1990-01")
    assert table.rows[0][5] == Decimal("139.22")
    message, _ = _real("istat_47_850_generic.xml")
    table = make_table(message.datasets[0], Structures(), "x").table
    assert [row[-1] for row in table.rows][:3] == [0, 20, 20]
    assert len(table.rows) == 22


@real
def test_json_and_csv_of_other_offices() -> None:
    message, known = _real("ecb_EXR_flat.json")
    table = make_table(message.datasets[0], known, "x").table
    names = [column.name for column in table.columns]
    assert names[:4] == ["freq", "ten_freq", "currency", "ten_currency"]
    assert [(row[2], row[10], row[11]) for row in table.rows] == [
        ("NZD", "2013-01-18", Decimal("1.5931")),
        ("NZD", "2013-01-21", Decimal("1.5925")),
        ("RUB", "2013-01-18", Decimal("40.3426")),
        ("RUB", "2013-01-21", Decimal("40.3000")),
    ]
    message, known = _real("oecd_PART2.json")
    table = make_table(message.datasets[0], known, "x").table
    at = {column.name: place for place, column in enumerate(table.columns)}
    assert len(table.rows) == 7
    statuses = [row[at["obs_status"]] for row in table.rows]
    # The array has one entry for two attributes: the one without values is left out.
    assert statuses == [None, "x", None, "w", None, "y", None]
    message, known = _real("sdmxcsv_example-01.csv")
    (data,) = message.datasets
    assert data.structure == Ref("ESTAT", "NA_MAIN", "1.6.0")
    rows = make_table(data, known, "x").table.rows
    assert rows[0][:4] == ("A", "B", "2014-01", Decimal("12.4"))


@real
def test_an_answer_that_is_prepared_later_is_too_large_for_now() -> None:
    with pytest.raises(HarvestError) as caught:
        _real("estat_footer_async.xml")
    assert caught.value.code == "too_large"
