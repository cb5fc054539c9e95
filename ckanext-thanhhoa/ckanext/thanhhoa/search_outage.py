"""The catalogue without Solr: what pages list from the database while the search is out of order.

Only datasets that everybody may see. Words are looked for in names, which are the titles without
accents, and in titles; of the filters those hold that the database has.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib.dictization import model_dictize
from ckan.lib.search import SearchError, SolrConnectionError
from ckan.plugins import toolkit
from ckanext.thanhhoa import search

from schemas.text import slug

log = logging.getLogger(__name__)

#: Filters that hold without Solr, and those of them that hold several values.
KEPT_FILTERS = (
    "organization", "theme", "frequency", "access_rights", "groups", "tags", "license_id",
)  # fmt: skip
_LISTS = ("theme",)
MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
#: What the page of an agency or a group puts before the filters of its address.
_OWNER = re.compile(r'\s*owner_org:"([0-9a-f-]{36})"')
_GROUP = re.compile(r'\s*groups:"([^"]+)"')


#: CKAN's own.
_count_in_index: Callable[..., dict[str, Any]] = model_dictize.get_group_dataset_counts


def install() -> None:
    """Has CKAN's lists of organisations count in the database while Solr is out of order."""
    model_dictize.get_group_dataset_counts = dataset_counts


def dataset_counts(*arguments: Any, **more: Any) -> dict[str, Any]:
    """CKAN's ``get_group_dataset_counts``: how many datasets each organisation and group has."""
    try:
        return _count_in_index(*arguments, **more)
    except (SearchError, SolrConnectionError) as error:
        log.warning("datasets are counted without the search: %s", error)
        return {"owner_org": _counts(), "groups": {}}


def get_actions() -> dict[str, Callable[..., Any]]:
    """CKAN's actions that count datasets by a search, which answer without it, too."""
    return {"organization_show": organization_show}


@toolkit.chained_action
@toolkit.side_effect_free
def organization_show(
    original: Callable[..., dict[str, Any]], context: Any, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """CKAN's ``organization_show``, with its count from the database while Solr is out of order."""
    try:
        return original(context, data_dict)
    except (SearchError, SolrConnectionError) as error:
        log.warning("datasets are counted without the search: %s", error)
        # CKAN takes counts that are in the context.
        context["dataset_counts"] = {"owner_org": _counts(), "groups": {}}
        return original(context, data_dict)


def _counts() -> dict[str, int]:
    """How many datasets everybody may see of each organisation, by its id."""
    rows = (
        model.Session.query(model.Package.owner_org, sa.func.count())
        .filter_by(state="active", private=False, type="dataset")
        .group_by(model.Package.owner_org)
    )
    return {owner: count for owner, count in rows if owner}


def listed(
    data_dict: Mapping[str, Any],
    chosen: Mapping[str, list[str]],
    others: Mapping[str, list[str]],
) -> dict[str, Any]:
    """What ``package_search`` gives, from the database: the newest first, without facets.

    One of the values of each field in `chosen` is asked for, and all of those in `others`.
    """
    matching = _matching(str(data_dict.get("q") or ""), str(data_dict.get("fq") or ""))
    for field, values in chosen.items():
        if field in KEPT_FILTERS:
            matching = matching.filter(_has(field, search.clean(values)))
    for field, values in others.items():
        if field in KEPT_FILTERS:
            matching = matching.filter(*(_has(field, [value]) for value in search.clean(values)))
    count = matching.with_entities(sa.func.count()).order_by(None).scalar()
    order = (
        [sa.func.lower(model.Package.title)]
        if "title_order" in str(data_dict.get("sort") or "")
        else [model.Package.metadata_modified.desc()]
    )
    first, rows = int(data_dict.get("start") or 0), int(data_dict.get("rows") or 0)
    # Beyond what PostgreSQL counts to there is nothing anyway.
    page = matching.order_by(*order, model.Package.id).offset(min(first, 2**31)).limit(rows)
    show = toolkit.get_action("package_show")
    results = []
    for (id_,) in page.with_entities(model.Package.id).all():
        anybody = {"user": "", "auth_user_obj": None, "for_view": True, "use_cache": False}
        results.append(show(anybody, {"id": id_}))
    return {
        "count": count, "results": results, "facets": {}, "search_facets": {},
        "sort": data_dict.get("sort"),
    }  # fmt: skip


def _matching(query: str, fq: str) -> Any:
    found = model.Session.query(model.Package).filter_by(
        state="active", private=False, type="dataset"
    )
    for word in _WORD.findall(search.clean(query))[:MOST_WORDS]:
        plain = slug(word) or word
        found = found.filter(
            model.Package.name.contains(plain, autoescape=True)
            | model.Package.title.icontains(word, autoescape=True)
        )
    if owner := _OWNER.match(fq):
        found = found.filter_by(owner_org=owner[1])
    if group := _GROUP.match(fq):
        found = found.filter(_has("groups", [group[1]]))
    return found


def _has(field: str, values: list[str]) -> Any:
    if field == "organization":
        owners = sa.select(model.Group.id).where(model.Group.name.in_(values))
        return model.Package.owner_org.in_(owners)
    if field == "groups":
        return model.Package.id.in_(_in_groups(values))
    if field == "tags":
        return model.Package.id.in_(_with_tags(values))
    if field == "license_id":
        return model.Package.license_id.in_(values)
    value = model.Package.extras[field].astext
    if field in _LISTS:
        return sa.or_(*(value.contains(f'"{one}"', autoescape=True) for one in values))
    return value.in_(values)


def _in_groups(names: list[str]) -> Any:
    member, group = model.Member, model.Group
    return (
        sa.select(member.table_id)
        .join(group, member.group_id == group.id)
        .where(member.table_name == "package", member.state == "active")
        .where(group.name.in_(names), group.state == "active", sa.not_(group.is_organization))
    )


def _with_tags(names: list[str]) -> Any:
    link, tag = model.PackageTag, model.Tag
    return (
        sa.select(link.package_id)
        .join(tag, link.tag_id == tag.id)
        .where(link.state == "active", tag.name.in_(names), tag.vocabulary_id.is_(None))
    )
