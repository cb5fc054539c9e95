"""The portal's CKAN plugin: a list of blankets and hooks; what they do lives beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as plugins
import ckan.plugins.toolkit as toolkit
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation
from ckan.types import Context
from ckanext.thanhhoa import (
    access,
    accounts,
    asked_once,
    change_words,
    cli,
    config,
    dcat,
    facets,
    form_tokens,
    group_lists,
    helpers,
    index,
    licences,
    open_conflicts,
    originals,
    page_helpers,
    page_versions,
    previews,
    refused_addresses,
    resource_urls,
    search,
    search_found,
    search_help,
    search_outage,
    search_page,
    search_words,
    solr_connection,
    suggestions,
    views,
)
from ckanext.thanhhoa.logic import action, auth, validators


def get_actions() -> dict[str, Callable[..., Any]]:
    """The portal's actions, and those of CKAN that it wraps."""
    return {
        **action.get_actions(),
        **access.get_actions(),
        **accounts.get_actions(),
        **search_outage.get_actions(),
        **group_lists.get_actions(),
        **suggestions.get_actions(),
        "package_search": search_page.package_search,
    }


def get_auth_functions() -> dict[str, Callable[..., Any]]:
    """Who may do what: an auth function for every action of the portal."""
    return {
        **auth.get_auth_functions(),
        **access.get_auth_functions(),
        **suggestions.get_auth_functions(),
    }


def get_helpers() -> dict[str, Callable[..., Any]]:
    """What templates may call."""
    return {
        **helpers.get_helpers(),
        **page_helpers.get_helpers(),
        **change_words.get_helpers(),
        **open_conflicts.get_helpers(),
        **previews.get_helpers(),
        **search_found.get_helpers(),
        **search_help.get_helpers(),
        **search_page.get_helpers(),
    }


@toolkit.blanket.config_declarations
@toolkit.blanket.actions(get_actions)
@toolkit.blanket.auth_functions(get_auth_functions)
@toolkit.blanket.cli(cli.get_commands)
@toolkit.blanket.helpers(get_helpers)
@toolkit.blanket.validators(validators.get_validators)
@toolkit.blanket.blueprints(views.get_blueprints)
class ThanhhoaPlugin(plugins.SingletonPlugin, DefaultTranslation):
    """The whole portal is one plugin, named first in ``ckan.plugins``.

    Hooks only: each hands on to the module it belongs to.
    """

    plugins.implements(plugins.IConfigurer)
    plugins.implements(plugins.IConfigurable)
    plugins.implements(plugins.IFacets, inherit=True)
    plugins.implements(plugins.IMiddleware, inherit=True)
    plugins.implements(plugins.IPackageController, inherit=True)
    plugins.implements(plugins.IResourceController, inherit=True)
    plugins.implements(plugins.ITranslation)
    plugins.implements(plugins.IUploader, inherit=True)

    # IConfigurer

    def update_config(self, config_: CKANConfig) -> None:
        toolkit.add_template_directory(config_, "templates")
        toolkit.add_public_directory(config_, "public")
        toolkit.add_resource("assets", "thanhhoa")
        licences.install()
        solr_connection.install()
        asked_once.install()
        group_lists.install()
        search.allow_query_parser(config_)

    # IConfigurable

    def configure(self, config_: CKANConfig) -> None:
        config.require_wiring()
        index.install()
        search_outage.install()
        dcat.install()

    # IFacets

    def dataset_facets(self, facets_dict: dict[str, str], package_type: str) -> dict[str, str]:
        return facets.titles()

    def organization_facets(
        self, facets_dict: dict[str, str], organization_type: str, package_type: str | None
    ) -> dict[str, str]:
        return facets.titles(leave_out="organization")

    # IMiddleware

    def make_middleware(self, app: Any, config: CKANConfig) -> Any:
        form_tokens.keep(app)
        index.serve(app)
        page_versions.keep(app)
        refused_addresses.keep(app)
        return app

    # IPackageController

    def create(self, entity: Any) -> None:
        index.mark([entity.id])

    def edit(self, entity: Any) -> None:
        index.mark([entity.id])

    def delete(self, entity: Any) -> None:
        index.mark([entity.id])

    def after_dataset_show(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        access.redact_dataset(context, pkg_dict)

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        return search.shape_query(search_params, search_words.current())

    def after_dataset_search(
        self, search_results: dict[str, Any], search_params: dict[str, Any]
    ) -> dict[str, Any]:
        return facets.label(search_results)

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        return search.shape_document(access.redact_document(pkg_dict))

    # IResourceController

    def before_resource_show(self, resource_dict: dict[str, Any]) -> dict[str, Any]:
        return resource_urls.address(resource_dict)

    # IUploader

    def get_resource_uploader(self, data_dict: dict[str, Any]) -> Any:
        return originals.uploader_for(data_dict)
