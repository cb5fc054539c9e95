"""Actions on sources. None returns a secret; `has_secret` says whether one is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import authz, model
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import jobs, registration, runs, source_settings, sources, uploads
from ckanext.thanhhoa.logic.auth.source import EDITOR, organizations_of
from ckanext.thanhhoa.logic.refusals import in_words, language
from ckanext.thanhhoa.mapping_trial import ROWS, try_mapping
from ckanext.thanhhoa.source_check import check
from ckanext.thanhhoa.source_probe import own_grant, probe
from ckanext.thanhhoa.upload_preview import preview

from harvesters.errors import HarvestError


def source_create(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Registers a source. Nothing is contacted.

    :param name: short name, ``a-z 0-9 - _``
    :param type: source type (``thanhhoa source types``)
    :param url: address, or folder, without credentials
    :param owner_org: name or id of the organisation
    :param config: mapping or YAML: ``auth``, ``mapping``, ``guards``, ``fetch``, ``read``
    :param allow: list of ``host:port`` or folders (sysadmins only)
    :param schedule: ``manual`` (default), ``hourly`` … ``yearly``
    :param secret: password or key of the source; kept encrypted, never returned
    :returns: the source as `thanhhoa_source_show` gives it
    """
    toolkit.check_access("thanhhoa_source_create", context, data_dict)
    user = context.get("user")
    source_id = registration.register(data_dict, user, may_grant=_may_grant(context))
    model.Session.commit()
    return sources.shown(sources.find(source_id))


@toolkit.side_effect_free
def source_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """One source, by ``id`` (id or name)."""
    toolkit.check_access("thanhhoa_source_show", context, data_dict)
    return sources.shown(sources.find(str(data_dict.get("id") or "")))


@toolkit.side_effect_free
def source_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """The sources the user may see, by name; of one organisation when ``owner_org`` is given."""
    toolkit.check_access("thanhhoa_source_list", context, data_dict)
    org_ids: list[str] | None = None
    if data_dict.get("owner_org"):
        org_ids = [registration.organization(str(data_dict["owner_org"])).id]
    rows = sources.listed(org_ids)
    return [sources.shown(row) for row in rows if _may_see(context, row.org_id)]


def source_update(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Changes a source (``id``: id or name); what is not given stays. Parameters as for create.

    An empty ``secret`` forgets the stored one. A stored secret is also forgotten when somebody
    other than a sysadmin points the source at another host: it was entered for the first one.
    """
    toolkit.check_access("thanhhoa_source_update", context, data_dict)
    row = sources.find(str(data_dict.get("id") or ""))
    registration.change(row, data_dict, may_grant=_may_grant(context))
    model.Session.commit()
    return sources.shown(sources.find(row.id))


def source_delete(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Removes a source (``id``). Its datasets stay, or are withdrawn with ``withdraw: true``.

    :returns: ``{"run": id}`` of the run that withdraws, or ``{"run": None}``
    """
    toolkit.check_access("thanhhoa_source_delete", context, data_dict)
    row = sources.find(str(data_dict.get("id") or ""))
    withdraw = toolkit.asbool(data_dict.get("withdraw", False))
    run_id = registration.unregister(row, context.get("user"), withdraw=withdraw)
    model.Session.commit()
    if run_id:
        jobs.wake([run_id], runs.PERSON)
    return {"run": run_id}


def source_check(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Connects to a source (``id``) and says what is there. Writes nothing.

    :returns: see `ckanext.thanhhoa.source_check.check`
    """
    toolkit.check_access("thanhhoa_source_check", context, data_dict)
    row = sources.find(str(data_dict.get("id") or ""))
    model.Session.commit()  # no transaction stays open while the source is waited for
    return check(row, language(data_dict))


def mapping_test(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Reads at most five records of a source (``id``) and shows each source value and its result.

    :param rows: how many records, 1 to 5 (default 5)
    :param config: a configuration that is not saved yet (mapping or YAML); its ``mapping`` and
        ``read`` are tried. Only those who may change the source may give one.
    :returns: see `ckanext.thanhhoa.mapping_trial.try_mapping`
    """
    toolkit.check_access("thanhhoa_mapping_test", context, data_dict)
    row = sources.find(str(data_dict.get("id") or ""))
    config = data_dict.get("config") or None
    if isinstance(config, str):
        config = registration.read_config(config)
    rows = registration.whole_number("rows", data_dict.get("rows", ROWS))
    model.Session.commit()  # no transaction stays open while the source is waited for
    return try_mapping(row, config, rows, language(data_dict))


def source_upload(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Takes a file for a source of type ``upload`` (``id``) and asks for a plan of it.

    :param upload: the file (a form field of a multipart request); may be left out where only
        ``hints`` change
    :param hints: how to read it, a mapping or JSON: ``title``, ``sheets``, ``header``,
        ``decimal``, ``hidden``, ``dataset_per`` and the other keys of a YAML beside a file;
        they stay until others are given
    :returns: ``{"file": {"name", "size", …}, "run": id of the plan}``; ``run`` is None while
        another run of the source is under way
    """
    toolkit.check_access("thanhhoa_source_upload", context, data_dict)
    row = sources.find(str(data_dict.get("id") or ""))
    user = context.get("user")
    if data_dict.get("upload"):
        file = data_dict["upload"]
        uploads.keep(row, str(file.filename or ""), file.stream, user)
    elif data_dict.get("hints") is None:
        raise HarvestError("upload_refused", where="—")
    if data_dict.get("hints") is not None:
        uploads.say(row, _mapping(data_dict["hints"]))
    run_id = _plan(row, user)
    model.Session.commit()
    jobs.wake([run_id] if run_id else [], runs.PERSON)
    return {"file": uploads.facts(row.id), "run": run_id}


@toolkit.side_effect_free
def source_preview(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """What is read of the file of a source of type ``upload`` (``id``). Writes nothing.

    :returns: see `ckanext.thanhhoa.upload_preview.preview`
    """
    toolkit.check_access("thanhhoa_source_preview", context, data_dict)
    row = sources.find(str(data_dict.get("id") or ""))
    return preview(row, language(data_dict))


def source_probe(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Says what type of source is at ``url``. Contacts it and writes nothing.

    :param allow: ``host:port`` or folders to reach (sysadmins only; the URL's own place when left
        out). Others reach what a source of an organisation that they administer may reach.
    :returns: see `ckanext.thanhhoa.source_probe.probe`
    """
    toolkit.check_access("thanhhoa_source_probe", context, data_dict)
    url = str(data_dict.get("url") or "").strip()
    if _may_grant(context):
        allow = source_settings.checked_grants(data_dict.get("allow")) or [own_grant(url)]
    else:
        rows = sources.listed(organizations_of(context.get("user", "")))
        allow = sorted({grant for row in rows for grant in row.allow})
    model.Session.commit()  # no transaction stays open while the source is waited for
    return probe(url, [grant for grant in allow if grant], language(data_dict))


def _plan(row: Any, user: str | None) -> str | None:
    """A plan of the source; None while a run of it is under way."""
    try:
        return runs.request(row, "plan", user)
    except HarvestError as error:
        if error.code != "already_running":
            raise
        return None


def _mapping(value: Any) -> dict[str, Any]:
    """A mapping, given as one or as JSON or YAML."""
    return registration.read_config(value, "hints") if isinstance(value, str) else dict(value)


def _may_grant(context: Context) -> bool:
    try:
        toolkit.check_access("thanhhoa_source_grant", context, {})
    except toolkit.NotAuthorized:
        return False
    return True


def _may_see(context: Context, org_id: str) -> bool:
    user = context.get("user", "")
    return bool(
        context.get("ignore_auth")
        or authz.is_sysadmin(user)
        or authz.has_user_permission_for_group_or_org(org_id, user, EDITOR)
    )


ACTIONS: dict[str, Callable[..., Any]] = {
    "thanhhoa_source_upload": in_words(source_upload),
    "thanhhoa_source_preview": in_words(source_preview),
    "thanhhoa_source_probe": in_words(source_probe),
    "thanhhoa_source_create": in_words(source_create),
    "thanhhoa_source_show": in_words(source_show),
    "thanhhoa_source_list": in_words(source_list),
    "thanhhoa_source_update": in_words(source_update),
    "thanhhoa_source_delete": in_words(source_delete),
    "thanhhoa_source_check": in_words(source_check),
    "thanhhoa_mapping_test": in_words(mapping_test),
}
