"""Which category belongs to which: by declared parents, or by the indentation of the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class _Child(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def parent(self) -> str: ...


#: For each category its level, from 1, and the position of its parent.
Tree = list[tuple[int, int | None]]


def by_parents(categories: Sequence[_Child]) -> Tree | None:
    """From the parents that the source declares; None when it declares none.

    A parent that does not exist, and a circle of parents, count as no parent.
    """
    if not any(category.parent for category in categories):
        return None
    positions = {category.code: at for at, category in enumerate(categories)}
    parents = [positions.get(category.parent) for category in categories]
    tree: Tree = []
    for at in range(len(categories)):
        level, above, seen = 1, parents[at], {at}
        while above is not None and above not in seen:
            seen.add(above)
            level, above = level + 1, parents[above]
        circle = above is not None
        tree.append((1, None) if circle else (level, parents[at]))
    return tree


def by_indent(labels: Sequence[str]) -> Tree | None:
    """From the leading blanks of the labels; None where they tell no hierarchy.

    They tell one only when the first label is indented least: offices also put a blank before a
    single label (`` WHOLE COUNTRY`` at the top of every table of the statistics office of Viet
    Nam), which would otherwise become a child of nothing.
    """
    indents = [len(label) - len(label.lstrip()) for label in labels]
    if not indents or indents[0] != min(indents) or len(set(indents)) < 2:
        return None
    tree: Tree = []
    path: list[int] = []
    for at, indent in enumerate(indents):
        while path and indents[path[-1]] >= indent:
            path.pop()
        tree.append((len(path) + 1, path[-1] if path else None))
        path.append(at)
    return tree
