"""A table as a CSV file that is always the same bytes for the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from harvesters.codec import canonical_number
from harvesters.model import Scalar


def render_csv(names: Sequence[str], rows: Iterable[Sequence[Scalar]]) -> bytes:
    """RFC 4180 in UTF-8 without a byte order mark: numbers with a point, dates as ISO 8601.

    NULL and empty text are both an empty field.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _plain(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return canonical_number(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)
