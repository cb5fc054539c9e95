"""One line of a plan through CKAN's action API, with its ledger rows in the same transaction.

For what a batch does not do: withdrawals, datasets that come back from deletion, and portals with
plugins that hang on the actions themselves (`batch_effects`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import catalog_content, datastore, originals, package_shows
from ckanext.thanhhoa.batch import lock_missing_tags
from ckanext.thanhhoa.catalog_batch import has_moved
from ckanext.thanhhoa.names import free_name
from ckanext.thanhhoa.package_form import Holdings, to_mapped, to_package

from harvesters.model import Change, MappedDataset
from harvesters.ports import Run


class Single:
    """Writes one change. `context` makes an action's context with what is given added."""

    def __init__(self, ledger: Any, context: Callable[..., Context]):
        self._ledger, self._context = ledger, context

    def write(self, run: Run, change: Change, merged_with: MappedDataset | None) -> bool:
        """Commits the change with its ledger rows. Raises whatever CKAN raises.

        False, and nothing done, when the dataset was edited since the change was merged.
        """
        if change.action == "withdraw":
            return self._withdraw(run, change, merged_with)
        dataset = change.dataset
        if dataset is None:
            raise ValueError(f"{change.action} of {change.remote_id} without a dataset")
        with datastore.Load() as load:
            catalog_content.keep_files(self._ledger, [dataset])
            catalog_content.stage_tables(self._ledger, [dataset], load)
            self._ledger.guard(run)
            package_shows.lock([dataset.id])
            package = model.Package.get(dataset.id)
            existing = self._show(package.id) if package else None
            before = {r["id"] for r in (existing or {}).get("resources") or []}
            holdings = originals.holdings([*before, *(r.id for r in dataset.resources)])
            if merged_with is not None and _moved(merged_with, holdings):
                model.Session.rollback()
                return False
            gone = catalog_content.note([(dataset, before)], holdings, load)
            self._save(run, change, dataset, package, existing, holdings)
            catalog_content.finish_tables(load, gone)
        catalog_content.add_views(dataset, before, self._context())
        return True

    def _save(
        self,
        run: Run,
        change: Change,
        dataset: MappedDataset,
        package: model.Package | None,
        existing: dict[str, Any] | None,
        holdings: Holdings,
    ) -> None:
        """The one transaction. Everything before is part of it; it ends committed."""
        data = to_package(dataset, existing, holdings)
        lock_missing_tags([data])
        if package is None or existing is None:
            name = free_name(change.title, change.dataset_id)
            self._ledger.settle(run, change, name)
            data.update(name=name, owner_org=run.source.org)
            # Without deferring, default views would commit before the dataset is whole.
            toolkit.get_action("package_create")(
                self._context(defer_commit=True, return_id_only=True), data
            )
            model.Session.commit()
            return
        before = to_mapped(existing, holdings).to_json()
        self._ledger.settle(run, change, package.name, {**before, "state": package.state})
        data.update(name=package.name, owner_org=package.owner_org)
        if package.state == "deleted":
            _join_again(package)
        # CKAN commits in the end; where it finds nothing to save, it does not.
        toolkit.get_action("package_update")(self._context(original_package=existing), data)
        model.Session.commit()

    def _withdraw(self, run: Run, change: Change, merged_with: MappedDataset | None) -> bool:
        self._ledger.guard(run)
        package_shows.lock([change.dataset_id])
        package = model.Package.get(change.dataset_id)
        existing = self._show(package.id) if package else None
        holdings = originals.holdings([r["id"] for r in (existing or {}).get("resources") or []])
        if merged_with is not None and _moved(merged_with, holdings):
            model.Session.rollback()
            return False
        before = to_mapped(existing, holdings).to_json() if existing else {}
        name, state = (package.name, package.state) if package else ("", "")
        self._ledger.settle(run, change, name, {**before, "state": state})
        if package is not None and package.state != "deleted":
            toolkit.get_action("package_delete")(self._context(), {"id": package.id})
        model.Session.commit()
        return True

    def _show(self, dataset_id: str) -> dict[str, Any]:
        """The dataset as it is in the database, not as the index has it."""
        shown: dict[str, Any] = toolkit.get_action("package_show")(
            self._context(use_cache=False), {"id": dataset_id}
        )
        return shown


def _moved(merged_with: MappedDataset, holdings: Holdings) -> bool:
    """Whether the dataset is no longer `merged_with`, read as the catalogue reads what it merges.

    Not by the action ``package_show``: what a plugin makes of its answer is nobody's edit.
    """
    found = package_shows.packages(package_shows.load([merged_with.id]))
    shown = {id_: package_shows.by_own_schema(data) for id_, data in found.items()}
    return has_moved(merged_with, shown.get(merged_with.id), holdings)


def _join_again(package: model.Package) -> None:
    """Deleting a dataset ends its membership in the organisation; CKAN's update leaves it so."""
    model.Session.query(model.Member).filter(
        model.Member.table_id == package.id,
        model.Member.group_id == package.owner_org,
        model.Member.capacity == "organization",
    ).update({"state": "active"}, synchronize_session=False)
