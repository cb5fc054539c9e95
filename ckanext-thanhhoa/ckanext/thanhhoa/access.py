"""The access class of a dataset and its effect at every outlet.

`PUBLIC` is open. `NON_PUBLIC` is a private dataset (its validator sees to that, CKAN does the
rest). `RESTRICTED` ("công khai có điều kiện") shows its metadata to everybody, but files, tables,
previews and the addresses of linked files only to members of the owning organisation, to the
dataset's collaborators and to sysadmins. The search index never holds such addresses, so that
whatever is answered from Solr is safe for everybody; those who may see them are answered from the
database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ckan import authz, model
from ckan.lib.plugins import get_permission_labels
from ckan.plugins import toolkit
from ckan.types import AuthResult, Context, DataDict
from ckanext.thanhhoa.whole_numbers import whole_number

RESTRICTED = "RESTRICTED"

#: Kinds of resources whose address is a route of the portal, which refuses by itself.
_OWN_ADDRESSES = ("upload", "table", "datastore")
#: The places of a Solr document that hold a dataset as JSON.
_STORED = ("data_dict", "validated_data_dict")


def class_of(dataset: Mapping[str, Any]) -> str:
    """The access class of a dataset dict, of either schema; empty when it has none."""
    if "access_rights" in dataset:
        return str(dataset["access_rights"] or "")
    extras = dataset.get("extras") or []
    return next((str(e["value"]) for e in extras if e.get("key") == "access_rights"), "")


def may_read_content(context: Context, package: model.Package) -> bool:
    """Whether the user of the context may read files and tables of the dataset."""
    if package.extras.get("access_rights") != RESTRICTED:
        return True
    return _may_read_restricted(context, package.id, package.owner_org)


def redact_dataset(context: Context, dataset: dict[str, Any]) -> None:
    """Takes the addresses of restricted files out of a dataset dict, unless the user may see."""
    if class_of(dataset) != RESTRICTED:
        return
    if not _may_read_restricted(context, dataset["id"], dataset.get("owner_org")):
        _blank_addresses(dataset)


def redact_document(document: dict[str, Any]) -> dict[str, Any]:
    """The Solr document without addresses of restricted files: it is answered to anybody."""
    if not any(RESTRICTED in (document.get(key) or "") for key in _STORED):
        return document  # the word is not even in the text: most documents need no reading
    stored = {key: json.loads(document[key]) for key in _STORED if document.get(key)}
    if not any(class_of(dataset) == RESTRICTED for dataset in stored.values()):
        return document
    for dataset in stored.values():
        _blank_addresses(dataset)
    texts = {key: json.dumps(dataset) for key, dataset in stored.items()}
    return {**document, **texts, "res_url": []}


def get_actions() -> dict[str, Callable[..., Any]]:
    """CKAN's actions that would show more than the access class allows."""
    return {
        "package_show": package_show,
        "resource_search": resource_search,
        "resource_view_list": resource_view_list,
    }


def get_auth_functions() -> dict[str, Callable[..., Any]]:
    """Who may read tables, files and previews, by the access class of their dataset."""
    return {
        "datastore_info": _content_of("id"),
        "datastore_search": _content_of("resource_id"),
        "resource_view_show": resource_view_show,
        "thanhhoa_resource_download": thanhhoa_resource_download,
    }


@toolkit.chained_action
@toolkit.side_effect_free
def package_show(
    original: Callable[..., dict[str, Any]], context: Context, data_dict: DataDict
) -> dict[str, Any]:
    """CKAN's ``package_show``, from the database where the index holds less than is known."""
    reference = data_dict.get("id") or data_dict.get("name_or_id")
    package = model.Package.get(reference) if reference else None
    if package is not None and package.extras.get("access_rights") == RESTRICTED:
        context["use_cache"] = False
    return original(context, data_dict)


@toolkit.chained_action
@toolkit.side_effect_free
def resource_search(
    original: Callable[..., dict[str, Any]], context: Context, data_dict: DataDict
) -> dict[str, Any]:
    """CKAN's ``resource_search``, which asks the database past all datasets' access classes.

    Everything is asked for and the page cut here: a count, or a page that comes up short, would
    tell piece by piece what a hidden address is.
    """
    if context.get("search_query") or authz.is_sysadmin(context.get("user") or ""):
        return original(context, data_dict)
    first = max(whole_number(data_dict, "offset") or 0, 0)
    most = whole_number(data_dict, "limit")
    asked = {k: v for k, v in data_dict.items() if k not in ("offset", "limit")}
    results = original(context, asked)["results"]
    packages = {r["package_id"]: model.Package.get(r["package_id"]) for r in results}
    hidden = {id_ for id_, p in packages.items() if p is None or not may_read_content(context, p)}
    shown = [r for r in results if r["package_id"] not in hidden]
    end = None if most is None else first + max(most, 0)
    return {"count": len(shown), "results": shown[first:end]}


@toolkit.chained_action
@toolkit.side_effect_free
def resource_view_list(
    original: Callable[..., list[dict[str, Any]]], context: Context, data_dict: DataDict
) -> list[dict[str, Any]]:
    """CKAN's ``resource_view_list``; nothing to preview for who may not read the content."""
    views = original(context, data_dict)
    return views if _may_read_resource(context, data_dict["id"]) else []


@toolkit.chained_auth_function
@toolkit.auth_allow_anonymous_access
def resource_view_show(
    original: Callable[..., AuthResult], context: Context, data_dict: DataDict
) -> AuthResult:
    """A view shows the content of its resource."""
    view = model.ResourceView.get(data_dict["id"])
    if view is not None and not _may_read_resource(context, view.resource_id):
        return _refused()
    return original(context, data_dict)


@toolkit.auth_allow_anonymous_access
def thanhhoa_resource_download(context: Context, data_dict: DataDict) -> AuthResult:
    """Who may show a resource may download it, unless its dataset is restricted."""
    toolkit.check_access("resource_show", context, {"id": data_dict["id"]})
    return {"success": True} if _may_read_resource(context, data_dict["id"]) else _refused()


def _content_of(key: str) -> Callable[..., Any]:
    """A chained auth function that asks for the right to the content of resource ``key``."""

    @toolkit.chained_auth_function
    @toolkit.auth_allow_anonymous_access
    def content(
        original: Callable[..., AuthResult], context: Context, data_dict: DataDict
    ) -> AuthResult:
        reference = data_dict.get(key) or data_dict.get("resource_id")
        if reference and not _may_read_resource(context, reference):
            return _refused()
        return original(context, data_dict)

    return content


def _may_read_resource(context: Context, resource_id: str) -> bool:
    resource = model.Resource.get(resource_id)
    return resource is None or may_read_content(context, resource.package)


def _may_read_restricted(context: Context, dataset_id: str, owner_org: str | None) -> bool:
    if context.get("ignore_auth"):
        return True
    user = context.get("auth_user_obj")
    if user is None and context.get("user"):
        user = model.User.get(context["user"])
    if user is None or user.is_anonymous or not user.is_active:
        return False
    if user.sysadmin:
        return True
    labels = get_permission_labels().get_user_dataset_labels(user)
    return bool({f"member-{owner_org}", f"collaborator-{dataset_id}"} & set(labels))


def _refused() -> AuthResult:
    message = toolkit._(
        "This data is published with conditions: ask the agency that owns it for access."
    )
    return {"success": False, "msg": message}


def _blank_addresses(dataset: dict[str, Any]) -> None:
    for resource in dataset.get("resources") or []:
        if resource.get("url_type") not in _OWN_ADDRESSES:
            resource["url"] = ""
