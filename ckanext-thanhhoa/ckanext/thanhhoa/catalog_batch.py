"""One batch of a plan: datasets, ledger rows and intents in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckan import model
from ckanext.thanhhoa import batch, catalog_content, datastore, index, originals, package_shows
from ckanext.thanhhoa.catalog_problems import problem_of
from ckanext.thanhhoa.names import free_names
from ckanext.thanhhoa.package_form import Holdings, to_mapped, to_package

from harvesters.model import Change, MappedDataset, Outcome
from harvesters.ports import Run


class Batch:
    """Creates and updates of one run, written together."""

    def __init__(
        self,
        ledger: Any,
        run: Run,
        user: model.User,
        changes: Sequence[Change],
        merged_with: Mapping[str, MappedDataset],
    ):
        self._ledger, self._run, self._user = ledger, run, user
        self._merged_with = merged_with
        self._changes = [(change, dataset) for change in changes if (dataset := change.dataset)]
        #: What was written and committed, for the index.
        self.shows: dict[str, index.Show] = {}
        #: Datasets with new resources, and the resources they had before.
        self.written: list[tuple[MappedDataset, set[str]]] = []

    def write(self) -> dict[str, Outcome]:
        """Writes all, commits, puts the tables in place. Raises where the whole must go back."""
        datasets = [dataset for _, dataset in self._changes]
        with datastore.Load() as load:
            catalog_content.keep_files(self._ledger, datasets)
            catalog_content.stage_tables(self._ledger, datasets, load)
            self._ledger.guard(self._run)
            before = self._before()
            had = {id_: {r["id"] for r in shown["resources"]} for id_, shown in before.items()}
            ids = {r.id for dataset in datasets for r in dataset.resources}
            holdings = originals.holdings(ids.union(*had.values()))
            moved = self._step_back(before, holdings)
            load.leave_out([r.id for _, dataset in moved for r in dataset.resources])
            with index.gathered() as rows:
                outcomes, done = self._save(before, holdings)
                index.mark(list(done.shows))
            written, refused = self._parted(outcomes)
            load.leave_out([r.id for dataset in refused for r in dataset.resources])
            self.written = [(dataset, had.get(dataset.id, set())) for dataset in written]
            gone = catalog_content.note(self.written, holdings, load)
            model.Session.commit()
            self.shows = {id_: (rows[id_], *show) for id_, show in done.shows.items()}
            catalog_content.finish_tables(load, gone)
        return outcomes | {c.remote_id: Outcome(c.remote_id, moved=True) for c, _ in moved}

    def _parted(
        self, outcomes: Mapping[str, Outcome]
    ) -> tuple[list[MappedDataset], list[MappedDataset]]:
        """The datasets that were written, and those that were refused."""
        parted: tuple[list[MappedDataset], list[MappedDataset]] = [], []
        for change, dataset in self._changes:
            parted[outcomes[change.remote_id].problem is not None].append(dataset)
        return parted

    def _before(self) -> dict[str, dict[str, Any]]:
        """The datasets of the batch that are there already, as shown.

        Those to be updated are locked first: what a person edits is seen here, or waits.
        """
        there = [c for c, d in self._changes if c.action == "update" or d.id in self._merged_with]
        package_shows.lock([change.dataset_id for change in there])
        found = package_shows.load([dataset.id for _, dataset in self._changes])
        shown = package_shows.packages(found)
        return {id_: package_shows.by_own_schema(data) for id_, data in shown.items()}

    def _step_back(
        self, before: Mapping[str, dict[str, Any]], holdings: Holdings
    ) -> list[tuple[Change, MappedDataset]]:
        """Takes out of the batch what was edited since it was merged, and returns it."""
        moved = [
            (change, dataset)
            for change, dataset in self._changes
            if has_moved(self._merged_with.get(dataset.id), before.get(dataset.id), holdings)
        ]
        self._changes = [pair for pair in self._changes if pair not in moved]
        return moved

    def _save(
        self, before: Mapping[str, dict[str, Any]], holdings: Holdings
    ) -> tuple[dict[str, Outcome], batch.Written]:
        new, changed = [], []
        names = free_names(
            {change.dataset_id: change.title for change, d in self._changes if d.id not in before}
        )
        for _, dataset in self._changes:
            shown = before.get(dataset.id)
            data = to_package(dataset, shown, holdings)
            if shown is None:
                new.append({**data, "name": names[dataset.id], "owner_org": self._run.source.org})
            else:
                names[dataset.id] = shown["name"]
                owner = {"name": shown["name"], "owner_org": shown["owner_org"]}
                changed.append((shown, {**data, **owner}))
        done = batch.write(new, changed, self._user, self._run.source.org)
        outcomes, settled = {}, []
        for change, dataset in self._changes:
            refused = done.refused.get(dataset.id)
            problem = problem_of(refused).of(change.remote_id) if refused else None
            outcomes[change.remote_id] = Outcome(change.remote_id, problem)
            if problem is not None:
                self._ledger.settle_failed(self._run, change, problem)
                continue
            settled.append((change, names[dataset.id], _pre_image(before, dataset, holdings)))
        self._ledger.settle_many(self._run, settled)
        return outcomes, done


def has_moved(
    merged_with: MappedDataset | None, shown: Mapping[str, Any] | None, holdings: Holdings
) -> bool:
    """Whether a dataset no longer is what a change of it was merged with; None: it was not."""
    if merged_with is None:
        return False
    if shown is None or shown["state"] != "active":
        return True
    return to_mapped(shown, holdings) != merged_with


def _pre_image(
    before: Mapping[str, dict[str, Any]], dataset: MappedDataset, holdings: Holdings
) -> dict[str, Any] | None:
    """What undo would put back; None where there was nothing."""
    shown = before.get(dataset.id)
    return {**to_mapped(shown, holdings).to_json(), "state": shown["state"]} if shown else None
