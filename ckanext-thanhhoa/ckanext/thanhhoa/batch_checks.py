"""Scheming's validation for a batch: the same validators, their look-ups asked once for all.

The schema is composed once per batch instead of once per dataset. Of its validators, those that
ask the database whether an id, a name or an organisation is there are given the answer for the
whole batch; where CKAN no longer has a validator of that name, the one in its place is simply run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib import plugins as lib_plugins
from ckan.lib.navl.dictization_functions import missing
from ckan.logic import ValidationError
from ckan.logic import validators as ckan_validators
from ckan.model import PACKAGE_NAME_MAX_LENGTH, PACKAGE_NAME_MIN_LENGTH
from ckan.types import Context
from ckanext.thanhhoa.quick_validation import Validation, replaced


@dataclass(frozen=True)
class Known:
    """What the database says of the ids of a batch. `resources`: id -> the dataset it is in."""

    packages: frozenset[str] = frozenset()
    resources: Mapping[str, str] = field(default_factory=dict)
    organizations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, package_ids: Collection[str], resource_ids: Collection[str], organization: str
    ) -> Known:
        resource = model.Resource
        there = sa.select(model.Package.id).where(model.Package.id.in_(package_ids))
        taken = sa.select(resource.id, resource.package_id).where(
            resource.id.in_(resource_ids), resource.state != "deleted"
        )
        group = model.Group.get(organization)
        return cls(
            frozenset(model.Session.execute(there).scalars()),
            dict(model.Session.execute(taken).tuples().all()) if resource_ids else {},
            {organization: group.id, group.id: group.id} if group else {},
        )


class Checks:
    """Validates the datasets of one batch for ``package_create``."""

    def __init__(self, known: Known):
        plugin = lib_plugins.lookup_package_plugin("dataset")
        schema = _composed(plugin, plugin.create_package_schema(), "package_create")
        self._validate = Validation(replaced(schema, _answers(known)))

    def create(self, context: Context, data: dict[str, Any]) -> dict[str, Any]:
        """The validated dataset. Raises ValidationError."""
        checked, errors = self._validate(data, context)
        if errors:
            raise ValidationError(errors)
        return dict(checked)


def can_compose() -> bool:
    """Whether the dataset type is scheming's, whose composing of a schema is known."""
    plugin = lib_plugins.lookup_package_plugin("dataset")
    own = getattr(type(plugin), "validate", None)
    return own is not None and "navl_validate" in own.__globals__


def _composed(plugin: Any, schema: dict[str, Any], action: str) -> dict[str, Any]:
    """The schema that scheming hands to CKAN's validation, caught on its way."""
    caught: dict[str, Any] = {}

    def catch(data: Any, schema: dict[str, Any], context: Any) -> tuple[Any, Any]:
        caught.update(schema)
        return data, {}

    own = type(plugin).validate
    run = FunctionType(
        own.__code__, {**own.__globals__, "navl_validate": catch}, own.__name__, own.__defaults__
    )
    run(plugin, {}, {"type": "dataset"}, schema, action)
    return caught


def _answers(known: Known) -> dict[Any, Callable[..., Any]]:
    """CKAN's validators that ask the database, and what stands for each in a batch."""

    def package_id_does_not_exist(value: Any, context: Context) -> Any:
        own = ckan_validators.package_id_does_not_exist
        return own(value, context) if value in known.packages else value

    def resource_id_does_not_exist(key: Any, data: Any, errors: Any, context: Context) -> None:
        parent = known.resources.get(data[key])
        if data[key] is not missing and parent not in (None, data.get(("id",))):
            ckan_validators.resource_id_does_not_exist(key, data, errors, context)

    def owner_org_validator(key: Any, data: Any, errors: Any, context: Context) -> None:
        if data.get(key) not in known.organizations:
            ckan_validators.owner_org_validator(key, data, errors, context)
            return
        data[key] = known.organizations[data[key]]

    def package_name_validator(key: Any, data: Any, errors: Any, context: Context) -> None:
        """Whether the name is free is settled where the batch gives out its names."""
        if not PACKAGE_NAME_MIN_LENGTH <= len(data[key]) <= PACKAGE_NAME_MAX_LENGTH:
            ckan_validators.package_name_validator(key, data, errors, context)

    replacements = (
        package_id_does_not_exist,
        resource_id_does_not_exist,
        owner_org_validator,
        package_name_validator,
    )
    return {
        getattr(ckan_validators, function.__name__): function
        for function in replacements
        if hasattr(ckan_validators, function.__name__)
    }
