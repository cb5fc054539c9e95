"""Shaping of the query: what a person types becomes what Solr is asked.

`shape_query` is pure and called from ``before_dataset_search``. `package_search` wraps CKAN's
action: it asks once more, less strictly, when nothing was found, and turns Solr's complaints into
a sentence. The Solr side (fields, analysis, phrase rewards) is in ``docker/solr/conf``; the
document side in `ckanext.thanhhoa.search_document`.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import ckan.plugins.toolkit as toolkit
from ckan.lib.search import SearchError, SearchQueryError, SolrConnectionError
from ckanext.thanhhoa.search_document import shape_document
from ckanext.thanhhoa.search_fields import is_field
from ckanext.thanhhoa.search_query import solr_boost, solr_query
from ckanext.thanhhoa.search_reading import read
from ckanext.thanhhoa.search_vocabulary import Vocabulary
from ckanext.thanhhoa.solr_connection import TOOK_TOO_LONG

from schemas.text import fold, nfc, tone

__all__ = ["allow_query_parser", "package_search", "shape_document", "shape_query"]

log = logging.getLogger(__name__)

#: Longer free text is refused: it is a pasted page, and each word costs a clause per field.
MAX_CHARACTERS = 500
MAX_WORDS = 100
#: Beyond this many words only the catch-all field is asked, to stay below Solr's clause limit.
MAX_WORDS_BY_ROLE = 20

#: Accent-exact fields; asked only when the query carries accents. Without any, a rare title that
#: somebody typed without accents would outrank the many properly written ones.
EXACT_FIELDS = (
    "title_vi^6 tags_vi^4 notes_vi^4 place_vi^4 organization_vi^2 theme_vi^2 column_vi^2 "
    "related_place_vi text_vi"
)
FOLDED_FIELDS = (
    "title^2 tags_fold^1.5 notes^1.5 place_fold^1.5 organization_fold theme_fold "
    "column_fold^0.7 related_place_fold^0.5 text^0.3 title_en^3 text_en^0.5"
)
#: Up to two words: all. Three or four: two. Five: three. Six: four. More, a sentence: half. A
#: Vietnamese word has several syllables; any one of them would match a third of the catalogue.
MIN_MATCH = "2<67% 6<50%"
#: Asked when nothing was found: any word, the nearest first.
MIN_MATCH_RELAXED = "1"
#: How much the other fields that hold a word add to the best one.
TIE = "0.3"
#: CKAN sends q.op=AND with every query and lets nobody change it; edismax would then ask for every
#: word, whatever the minimum match. Local parameters win over it. Solr reads them only where the
#: parser is "lucene"; CKAN lets them pass for the parsers named in
#: ckan.search.solr_allowed_query_parsers, which must have this one.
QUERY_PARSER = "edismax"
_ANY_WORD = f"{{!{QUERY_PARSER} q.op=OR}}"
_ANY_OF_MANY_WORDS = f"{{!{QUERY_PARSER} q.op=OR pf=text pf2=text}}"

_NO_VOCABULARY = Vocabulary()

# NAME: directly before something, as API users write it. A URL or a time of day is no field, nor
# is a word before a colon ("dân số: 2024", "TP:Thanh Hóa").
_FIELD = re.compile(r"(?<![^\s(+\-!])([A-Za-z_*][A-Za-z0-9_.*-]*):(?!//)(?=\S)")
# Everything that is syntax for edismax but not for dismax, which CKAN uses: plain text for both.
_SYNTAX = re.compile(r"&&|[\\!(){}\[\]^~*?:/|;<>]")
_LONE_SIGN = re.compile(r"(?<!\S)[+-]+(?![^\s+\-])|[+-]+(?=\s|$)")
#: What Solr answers while it starts, stops, or is broken; a query that it cannot read is a 400.
_OUT_OF_ORDER = re.compile(r"\(HTTP 5\d\d\)")
_QUOTES = str.maketrans("“”„«»", '"""""')


class QueryRefused(SearchQueryError):
    """A query that is not asked; says why in both languages, a page in the reader's own."""

    def __init__(self, vi: str, en: str):
        super().__init__(f"{vi} / {en}")
        self.said = {"vi": vi, "en": en}


class SearchOutOfOrder(SearchError, SolrConnectionError):
    """Solr does not answer; caught wherever CKAN expects either kind of error."""

    def __init__(self) -> None:
        super().__init__(
            "Chức năng tìm kiếm đang tạm gián đoạn, hãy thử lại sau ít phút. / The search is out "
            "of order for the moment, try again in a few minutes."
        )


def allow_query_parser(config: MutableMapping[str, Any]) -> None:
    """Lets the queries of `shape_query` pass CKAN's door; called from ``update_config``."""
    option = "ckan.search.solr_allowed_query_parsers"
    allowed = toolkit.aslist(config.get(option) or "")
    config[option] = " ".join(dict.fromkeys([*allowed, QUERY_PARSER]))


def shape_query(
    params: Mapping[str, Any], vocabulary: Vocabulary = _NO_VOCABULARY
) -> dict[str, Any]:
    """CKAN's search parameters with what makes Vietnamese found; a new dict, the given one stays.

    Free text is normalised and gets the portal's fields, weights and minimum match, unless the
    caller set them. A query with fields (``title:thủy``) stays the Lucene query that CKAN makes
    of it; only its Unicode is put in order, as in the filters. SearchQueryError for free text
    beyond `MAX_CHARACTERS` or `MAX_WORDS`.
    """
    shaped = {key: clean(value) for key, value in params.items()}
    if not is_free_text(shaped):
        return shaped
    text = shaped["q"]
    words = plain_words(text) if len(text) <= MAX_CHARACTERS else ""
    if len(text) > MAX_CHARACTERS or len(words.split()) > MAX_WORDS:
        raise QueryRefused(
            f"Câu tìm kiếm quá dài (nhiều nhất {MAX_CHARACTERS} ký tự, {MAX_WORDS} từ): hãy giữ "
            "lại vài từ chính.",
            f"The query is too long ({MAX_CHARACTERS} characters, {MAX_WORDS} words at most): "
            "keep a few main words.",
        )
    # Nothing but signs: nothing can match. CKAN would read an empty query as "everything".
    shaped["q"] = "-*:*"
    if words:
        many = len(words.split()) > MAX_WORDS_BY_ROLE
        shaped["defType"] = "lucene"
        if vocabulary.size and not many and not {"qf", "mm"} & shaped.keys():
            reading = read(words, vocabulary)
            shaped["q"] = _structured(solr_boost(reading)) + solr_query(reading, vocabulary)
            return shaped
        shaped["q"] = (_ANY_OF_MANY_WORDS if many else _ANY_WORD) + words
        shaped.setdefault("qf", "text" if many else _fields_for(words))
        shaped.setdefault("mm", MIN_MATCH)
        shaped.setdefault("tie", TIE)
    return shaped


def _structured(boost: str) -> str:
    return f"{{!{QUERY_PARSER} q.op=OR mm=0 tie={TIE} qf=text pf='' pf2='' boost='{boost}'}}"


def is_free_text(params: Mapping[str, Any]) -> bool:
    """Whether ``q`` is words to be found rather than nothing, everything, or a query in syntax."""
    text = params.get("q")
    if not isinstance(text, str) or text.strip() in ("", "*", "*:*", '""', "''"):
        return False
    if text.lstrip().startswith("{!") or params.get("defType") not in (None, "dismax"):
        return False
    return not any(map(is_field, _FIELD.findall(text)))


@toolkit.chained_action
@toolkit.side_effect_free
def package_search(
    original: Callable[..., dict[str, Any]], context: Any, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """CKAN's ``package_search``; what several words do not find together, some of them may.

    A query that Solr cannot read is a SearchQueryError (400) in words, without Solr's answer; a
    Solr that cannot answer is a `SearchOutOfOrder`.
    """
    try:
        found = original(context, dict(data_dict))
        if not found["count"] and _may_relax(data_dict):
            found = original(context, {**data_dict, "mm": MIN_MATCH_RELAXED})
            context["thanhhoa_relaxed"] = True  # for the pages, which say so
    except SearchQueryError:
        raise
    except SolrConnectionError as error:
        raise SearchOutOfOrder from error
    except SearchError as error:
        if _OUT_OF_ORDER.search(str(error)):
            log.warning("the search is out of order: %s", error)
            raise SearchOutOfOrder from error
        log.info("search refused by Solr: %s", error)
        # The words before are the query.
        if TOOK_TOO_LONG in str(error).rpartition("Error:")[2]:
            raise QueryRefused(
                "Câu tìm kiếm mất quá nhiều thời gian: hãy giữ lại vài từ chính.",
                "The query takes too long: keep a few main words.",
            ) from error
        raise QueryRefused(
            "Không hiểu câu tìm kiếm: hãy bỏ các dấu đặc biệt hoặc kiểm tra cú pháp.",
            "The query cannot be read: leave out special signs or check its syntax.",
        ) from error
    return found


def _may_relax(params: Mapping[str, Any]) -> bool:
    return "mm" not in params and is_free_text(params) and len(params["q"].split()) > 1


def clean(value: Any) -> Any:
    """Composed Unicode without control characters, in text and lists of text."""
    if isinstance(value, str):
        return nfc("".join(_printable(char) for char in value))
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def _printable(char: str) -> str:
    """A blank for a control character, nothing for an invisible or a broken one."""
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") else char


def plain_words(text: str) -> str:
    """The text as CKAN's dismax understands it: words, "phrases", +required and -excluded."""
    text = _SYNTAX.sub(" ", tone(text).translate(_QUOTES))
    if text.count('"') % 2:
        text = text.replace('"', " ")
    text = " ".join(_LONE_SIGN.sub(" ", text).split())
    return text if any(char.isalnum() for char in text) else ""


def _fields_for(words: str) -> str:
    accented = fold(words) != unicodedata.normalize("NFKC", words).lower()
    return f"{EXACT_FIELDS} {FOLDED_FIELDS}" if accented else FOLDED_FIELDS
