"""A package of its own: CKAN puts its folder, which has a `tests` too, first in the path."""
