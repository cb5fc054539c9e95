"""What each problem says, in Vietnamese and English: a message and a hint for every code.

By what it concerns: what a source answers, tables, records, settings, runs. How the parameters are
filled in is `harvesters.messages`' business.
"""

from __future__ import annotations

from harvesters.problem_words import reading, records, runs, settings, tables
from harvesters.problem_words.words import Words

__all__ = ["MESSAGES", "Words"]

MESSAGES: dict[str, Words] = {
    **reading.MESSAGES,
    **tables.MESSAGES,
    **records.MESSAGES,
    **settings.MESSAGES,
    **runs.MESSAGES,
}
