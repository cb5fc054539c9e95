"""The rules of `schemas.rules` as CKAN validators, with messages in the reader's language."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey
from ckanext.scheming.validation import scheming_validator
from ckanext.thanhhoa.helpers import language
from ckanext.thanhhoa.names import free_name

from schemas import rules
from schemas.rules import RuleError
from schemas.text import nfc

Validator = Callable[..., Any]


def get_validators() -> dict[str, Validator]:
    """Every validator that the schemas name."""
    return {
        "thanhhoa_text": _wrapped(lambda value: rules.clean_text(str(value))),
        "thanhhoa_code": thanhhoa_code,
        "thanhhoa_composed": thanhhoa_composed,
        "thanhhoa_codes": thanhhoa_codes,
        "thanhhoa_date": _wrapped(rules.iso_date),
        "thanhhoa_period_span": _wrapped(rules.period_span),
        "thanhhoa_agency_code": _wrapped(rules.agency_code),
        "thanhhoa_phone": _wrapped(rules.phone),
        "thanhhoa_web_url": _wrapped(rules.web_url),
        "thanhhoa_resource_url": _wrapped(rules.resource_url),
        "thanhhoa_format": _wrapped(lambda value: rules.resource_format(str(value))),
        "thanhhoa_table_schema": _wrapped(rules.table_schema),
        "thanhhoa_name": thanhhoa_name,
        "thanhhoa_dataset": thanhhoa_dataset,
    }


def thanhhoa_composed(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """Composes every text before any other validator sees it: CKAN refuses decomposed keywords."""
    for place, value in data.items():
        if isinstance(value, str):
            data[place] = nfc(value)


@scheming_validator
def thanhhoa_code(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """A code, URI or name of the field's codelist → the code."""
    return _wrapped(lambda value: rules.code(str(value), field["codelist"]))


@scheming_validator
def thanhhoa_codes(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """Several codes of the field's codelist → JSON list as text; none at all → missing."""

    def validator(
        key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
    ) -> None:
        value = data.get(key)
        if _absent(value) and value != []:
            return
        try:
            found = rules.codes(value, field["codelist"])
        except RuleError as error:
            errors[key].append(error.message(language()))
            raise toolkit.StopOnError from error
        if not found:
            data.pop(key, None)
            raise toolkit.StopOnError
        data[key] = json.dumps(found, ensure_ascii=False)

    return validator


@scheming_validator
def thanhhoa_name(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """The stored name, always; for something new the given one, else one made from the title."""
    entity = "package" if "dataset_type" in schema else "group"

    def validator(
        key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
    ) -> None:
        existing = context.get(entity)
        if existing is not None:
            data[key] = existing.name
        elif _absent(data.get(key)):
            table = model.Package if entity == "package" else model.Group
            title = data.get(("title",))
            id_ = data.get(("id",))
            suffix = str(uuid.uuid4()) if _absent(id_) else str(id_)
            data[key] = free_name("" if _absent(title) else str(title), suffix, table)
        else:
            data[key] = nfc(str(data[key])).strip()

    return validator


def thanhhoa_dataset(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """Completes periods and places, and makes private what the access class does not publish."""
    _complete_rows("temporal_coverage", "start_period", rules.complete_period, data, errors)
    _complete_rows("spatial_coverage", "code", rules.complete_place, data, errors)
    package = context.get("package")
    before = (package.extras.get("access_rights"), package.private) if package else None
    asked = data.get(("private",))
    access = data.get(("access_rights",))
    if _absent(access):
        access = _extra(data, "access_rights")
    data[("private",)] = rules.is_private(
        access, None if _absent(asked) else toolkit.asbool(asked), before
    )


def _complete_rows(
    field: str,
    blamed: str,
    complete: Callable[[Mapping[str, Any]], dict[str, Any]],
    data: FlattenDataDict,
    errors: FlattenErrorDict,
) -> None:
    numbers = sorted({key[1] for key in data if len(key) == 3 and key[0] == field})
    for number in numbers:
        keys = [key for key in data if len(key) == 3 and key[:2] == (field, number)]
        row = {key[2]: data.pop(key) for key in keys if not _absent(data[key])}
        for key in keys:
            data.pop(key, None)
        try:
            completed = complete(row) if row else {}
        except RuleError as error:
            errors[(field, number, blamed)] = [error.message(language())]
            completed = row
        data.update({(field, number, name): value for name, value in completed.items()})


def _extra(data: FlattenDataDict, name: str) -> Any:
    """The value that an earlier validator of the field has already turned into an extra."""
    for key, value in data.items():
        if len(key) == 3 and key[0] == "extras" and key[2] == "key" and value == name:
            return data.get(("extras", key[1], "value"))
    return None


def _wrapped(rule: Callable[[Any], Any]) -> Validator:
    def validator(value: Any) -> Any:
        if _absent(value):
            return value
        try:
            return rule(value)
        except RuleError as error:
            raise toolkit.Invalid(error.message(language())) from error

    return validator


def _absent(value: Any) -> bool:
    return value is None or value is toolkit.missing or value == "" or value == []
