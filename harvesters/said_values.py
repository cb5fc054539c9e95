"""A problem's parameters as its sentence says them: fields by name, figures, what is expected."""

from __future__ import annotations

import re
from functools import cache

import schemas
from harvesters.conflicts import label
from harvesters.errors import Problem

_FIGURES = ("count", "hits", "rows", "seen", "limit")
_MARKS = str.maketrans(",.", ".,")
_FIGURE = re.compile(r"(\d+)(?:\.(\d+))?( .*)?", re.DOTALL)
#: Problems whose `field` is a field of the portal by its code.
_OF_FIELDS = ("unknown_code", "bad_value", "missing_value")
_OF_RESOURCE = re.compile(r"resources\[\d+\]\.")
#: Forms of a setting that have words.
_FORMS = {
    "mapping": ("các dòng dạng “mục: giá trị”", "lines like “key: value”"),
    "user": ("tên đăng nhập", "a user name"),
    "> 0": ("số lớn hơn 0", "a number above 0"),
}


def said_values(problem: Problem, lang: str) -> dict[str, str]:
    """The parameters for the sentence in `lang` (`vi`, else English)."""
    values = {**problem.params}
    if lang != "vi":
        values.update({k[:-3]: v for k, v in problem.params.items() if k.endswith("_en")})
    if "detail" in values:
        values["detail"] = values["detail"].rstrip(" .")
    if problem.code in _OF_FIELDS and "field" in values:
        values["field"] = named(values["field"], lang)
    if problem.code == "bad_setting" and values.get("expected") in _FORMS:
        values["expected"] = _FORMS[values["expected"]][lang != "vi"]
    if problem.code == "incomplete_listing":
        values.setdefault("of", "bộ dữ liệu" if lang == "vi" else "datasets")
        values["expected"] = _figure(values.get("expected", "").replace("?", ""), lang)
    for key in values.keys() & set(_FIGURES):
        values[key] = _figure(values[key], lang)
    return values


def named(field: str, lang: str) -> str:
    """A field by its name and its code: ``“Kỳ nhập liệu” (frequency)``; else as it is, quoted.

    Of a place within a field, ``contact[0].email``, the field's name is said; ``resources[1].url``
    is a field of a file.
    """
    path = field
    if of_resource := _OF_RESOURCE.match(field):
        path = field[of_resource.end() :]
    name = (_names_of_files() if of_resource else _names()).get(re.split(r"[.\[]", path)[0])
    return f"“{name[lang != 'vi']}” ({field})" if name else f"“{field}”"


def figure(value: float, lang: str = "vi") -> str:
    """A number as people write it: ``1.234.567,8``, in English ``1,234,567.8``."""
    text = f"{value:,}".removesuffix(".0")
    return text.translate(_MARKS) if lang == "vi" else text


@cache
def _names_of_files() -> dict[str, tuple[str, str]]:
    codes = (field["field_name"] for field in schemas.load("dataset")["resource_fields"])
    return {code: label(code, of_resource=True) for code in codes}


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Names of fields; not of those that mean one thing of a dataset and another of its files."""
    found: dict[str, tuple[str, str]] = {}
    unclear: set[str] = set()
    for kind in ("dataset_fields", "resource_fields"):
        for field in schemas.load("dataset")[kind]:
            code = field["field_name"]
            name = label(code, of_resource=kind == "resource_fields")
            if found.setdefault(code, name) != name:
                unclear.add(code)
    return {code: name for code, name in found.items() if code not in unclear}


def _figure(text: str, lang: str) -> str:
    """A figure with its unit, “1500.5 MB”, as the reader writes it; anything else as it is."""
    match = _FIGURE.fullmatch(text)
    if match is None:
        return text
    whole, decimals, unit = match.groups()
    mark = "," if lang == "vi" else "."
    return figure(int(whole), lang) + (mark + decimals if decimals else "") + (unit or "")
