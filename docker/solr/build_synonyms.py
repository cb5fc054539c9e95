"""Make conf/synonyms.txt from schemas/words/abbreviations.txt.

Run ``python docker/solr/build_synonyms.py`` after a change there.

Solr's synonym filter compares whole tokens and knows nothing of the analysis before it, so every
form is written here as that analysis leaves it: lower case, tones placed, i for y, cut where the
tokenizer cuts. Each group becomes one rule

    form, form, unaccented twin, unaccented twin => form, form

The twins stand on the left only: "chuyen doi so" typed without accents finds what "chuyển đổi
số" and "CĐS" find, the accent-exact fields get true accents out of it, and the folded fields drop
them again afterwards. Both kinds of field expand the same input, so that a query has the same
clauses in each and "minimum should match" counts over all of them.
"""

import re
import sys
import unicodedata
from pathlib import Path

from schemas.text import fold, nfc, tone

CONF = Path(__file__).parent / "conf"
WORDS = Path(__file__).parents[2] / "schemas" / "words"
# The rule "y for i" of the field types in schema.xml, on decomposed lower-case text.
I_FOR_Y = re.compile(r"(?<![^\W\d_])([hklmst])y([\u0300-\u0323]?)(?![^\W\d_]|[\u0300-\u036f])")
BETWEEN_TOKENS = re.compile(r"[\W_]+")


def tokens(form: str) -> str:
    """The form as the analysis leaves it, tokens parted by one blank: "KT-XH" -> "kt xh"."""
    placed = tone(unicodedata.normalize("NFKC", form.casefold()))
    levelled = nfc(I_FOR_Y.sub(r"\1i\2", unicodedata.normalize("NFD", placed)))
    return BETWEEN_TOKENS.sub(" ", levelled).strip()


def rule(line: str) -> str:
    """One group of abbreviations.txt as one rule of synonyms.txt; ValueError if it is no group."""
    forms = list(dict.fromkeys(tokens(form) for form in line.split(",")))
    if len(forms) < 2 or not all(forms):
        raise ValueError(f"a group needs two forms that differ: {line!r}")
    inputs = list(dict.fromkeys([*forms, *(fold(form) for form in forms)]))
    return f"{', '.join(inputs)} => {', '.join(forms)}"


def build(source: str) -> str:
    """The text of synonyms.txt for the text of abbreviations.txt."""
    lines = [line.strip() for line in source.splitlines()]
    rules = [rule(line) for line in lines if line and not line.startswith("#")]
    head = "# Made by build_synonyms.py from abbreviations.txt: edit that one.\n"
    return head + "\n".join(rules) + "\n"


if __name__ == "__main__":
    text = build((WORDS / "abbreviations.txt").read_text(encoding="utf-8"))
    (CONF / "synonyms.txt").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{text.count(' => ')} rules\n")
