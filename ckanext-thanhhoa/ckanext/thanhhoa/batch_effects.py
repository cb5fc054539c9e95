"""Whether a batch has the effects that the action API would have; if not, the API is used.

A batch calls the hooks of plugins (``IPackageController``, ``IResourceController``,
``IDomainObjectModification``, ``IResourceUrlChange``, permission labels, views) and writes the
activities that ckanext-activity writes. What it would pass by is code that hangs on the actions
themselves: an action that a plugin replaces or wraps, and a subscriber to an action's success.
"""

from __future__ import annotations

import logging
from functools import cache

from ckan import plugins
from ckan.lib import signals
from ckanext.thanhhoa import batch_checks

log = logging.getLogger(__name__)

#: Actions that a batch stands for, or whose work it does itself.
ACTIONS = ("package_create", "package_update", "package_show", "package_owner_org_update")
ACTIONS += ("activity_create",)
SUBSCRIBED = ("package_create", "package_update", "package_owner_org_update", "activity_create")
#: Ours asks the database instead of the index, as a batch always does; the one of ckanext-activity
#: is its only one.
_KNOWN_ACTIONS = {
    ("ckanext.thanhhoa.access", "package_show"),
    ("ckanext.activity.logic.action", "activity_create"),
}
#: What a batch notes as well.
_KNOWN_RECEIVERS = {
    "package_create": {("ckanext.activity.subscriptions", "package_changed")},
    "package_update": {("ckanext.activity.subscriptions", "package_updated")},
}


def bypassed() -> list[str]:
    """What a batch would pass by, in words for the log; nothing when it may be used."""
    found = [] if batch_checks.can_compose() else ["the dataset type is not ckanext-scheming's"]
    for plugin in plugins.PluginImplementations(plugins.IActions):
        for name, action in plugin.get_actions().items():
            if name in ACTIONS and (action.__module__, name) not in _KNOWN_ACTIONS:
                found.append(f"action {name} of plugin {plugin.name}")
    for name in SUBSCRIBED:
        for receiver in signals.action_succeeded.receivers_for(name):
            place = (getattr(receiver, "__module__", ""), getattr(receiver, "__name__", ""))
            if place not in _KNOWN_RECEIVERS.get(name, set()):
                found.append(f"subscriber {'.'.join(place)} of {name}")
    return found


@cache
def may_batch() -> bool:
    """`bypassed`, asked once per process and said once in the log."""
    found = bypassed()
    if found:
        log.warning("harvests are written dataset by dataset, because of: %s", "; ".join(found))
    return not found
