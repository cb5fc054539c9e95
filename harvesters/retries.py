"""Which failures pass by themselves, and when to try again. Pure.

A source that does not answer is asked again a few times, ever more rarely; a run that the portal
itself holds up (its disk is full, its database refuses) goes on soon after the cause is gone.
"""

from __future__ import annotations

from collections.abc import Callable

from harvesters.errors import Problem

#: The source, or the way there, is out of order for a while.
_OF_THE_SOURCE = ("unreachable", "deadline", "truncated")
#: The portal itself cannot go on; no record and no source is to blame.
_OF_THE_PORTAL = ("portal_unavailable",)
_BUSY = range(500, 600)
_TOO_MANY_REQUESTS = 429

#: Seconds: the first pause after a failure of the source, when nobody waits and when a person does.
FIRST_PAUSE, FIRST_PAUSE_FOR_A_PERSON = 60.0, 5.0
#: Seconds: no pause after a failure of the source is longer.
LONGEST_PAUSE = 3600.0
#: Seconds: pauses while the portal itself is out of order. Short, so that a run goes on within two
#: minutes of the cause being gone.
FIRST_PAUSE_HERE, LONGEST_PAUSE_HERE = 5.0, 45.0
#: How often a run is tried again after a failure of its source.
RETRIES_OF_SCHEDULE, RETRIES_FOR_A_PERSON = 6, 2


def is_of_the_portal(problem: Problem) -> bool:
    """Whether the portal itself is out of order, and not the source."""
    return problem.code in _OF_THE_PORTAL


def passes(problem: Problem) -> bool:
    """Whether the failure may be gone by itself: not a refusal, not a wrong setting."""
    if problem.code in _OF_THE_SOURCE or is_of_the_portal(problem):
        return True
    status = problem.params.get("status", "")
    return status.isdecimal() and (int(status) in _BUSY or int(status) == _TOO_MANY_REQUESTS)


def pause(
    problem: Problem, tries: int, retries: int, by_person: bool, chance: Callable[[], float]
) -> float | None:
    """Seconds until the next attempt; None when the run is to be ended as failed.

    `tries` is how often the run was put off before, `retries` how often that is allowed for a
    failure of its source. Each pause is twice the one before, up to a limit, and a quarter of it is
    left to `chance` (0 to 1), so that sources that failed together do not come back together.
    """
    if not passes(problem):
        return None
    if is_of_the_portal(problem):
        return _spread(FIRST_PAUSE_HERE, LONGEST_PAUSE_HERE, tries, chance)
    if tries >= retries:
        return None
    first = FIRST_PAUSE_FOR_A_PERSON if by_person else FIRST_PAUSE
    return _spread(first, LONGEST_PAUSE, tries, chance)


def _spread(first: float, longest: float, tries: int, chance: Callable[[], float]) -> float:
    doubled = first * 2.0 ** min(tries, 30)
    return min(doubled, longest) * (0.75 + 0.25 * chance())
