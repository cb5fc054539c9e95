"""Rules of the domain: pure functions, value in, normal form out, `RuleError` when refused."""

from schemas.rules.coverage import (
    code,
    codes,
    complete_period,
    complete_place,
    is_private,
    resource_format,
)
from schemas.rules.error import RuleError
from schemas.rules.periods import period_bounds, period_span, reporting_period, span_bounds
from schemas.rules.tables import table_schema
from schemas.rules.values import (
    agency_code,
    clean_text,
    day,
    iso_date,
    phone,
    resource_url,
    web_url,
)

__all__ = [
    "RuleError",
    "agency_code",
    "clean_text",
    "code",
    "codes",
    "complete_period",
    "complete_place",
    "day",
    "is_private",
    "iso_date",
    "period_bounds",
    "period_span",
    "phone",
    "reporting_period",
    "resource_format",
    "resource_url",
    "span_bounds",
    "table_schema",
    "web_url",
]
