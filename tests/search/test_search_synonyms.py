"""synonyms.txt is what the analysis of the schema makes of abbreviations.txt."""

import importlib.util
from pathlib import Path
from urllib.parse import urlencode

import pytest

FOLDER = Path(__file__).parents[2] / "docker" / "solr"
WORDS = Path(__file__).parents[2] / "schemas" / "words"


@pytest.fixture(scope="module")
def build_synonyms():
    spec = importlib.util.spec_from_file_location("build_synonyms", FOLDER / "build_synonyms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_up_to_date(build_synonyms):
    source = (WORDS / "abbreviations.txt").read_text(encoding="utf-8")
    made = (FOLDER / "conf" / "synonyms.txt").read_text(encoding="utf-8")
    assert build_synonyms.build(source) == made, "run: python docker/solr/build_synonyms.py"


def test_a_group_becomes_a_rule_with_unaccented_twins(build_synonyms):
    assert build_synonyms.rule("GD&ĐT, Giáo dục và đào tạo") == (
        "gd đt, giáo dục và đào tạo, gd dt, giao duc va dao tao => gd đt, giáo dục và đào tạo"
    )


@pytest.mark.parametrize("line", ["UBND", "UBND,", "hoà bình, hòa bình"])
def test_a_group_of_one_is_refused(build_synonyms, line):
    with pytest.raises(ValueError, match="two forms"):
        build_synonyms.rule(line)


def test_forms_are_written_as_solr_reads_them(build_synonyms, site):
    """The one place where a rule of the schema is written twice: Solr itself is the judge."""
    source = (WORDS / "abbreviations.txt").read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line and not line.startswith("#")]
    forms = [form.strip() for line in lines for form in line.split(",")]
    forms += ["Hoà KỸ thuỷ Quý hoàn lý", "tỷ lệ", "TP.Hồ", "a_b"]
    asked = {"analysis.fieldtype": "vietnamese", "analysis.fieldvalue": " | ".join(forms)}
    answer = site.solr._send_request(
        "post",
        "analysis/field",
        body=urlencode({**asked, "wt": "json"}).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    stages = site.solr.decoder.decode(answer)["analysis"]["field_types"]["vietnamese"]["index"]
    read = " ".join(token["text"] for token in stages[-1])
    assert read == " ".join(build_synonyms.tokens(form) for form in forms)
