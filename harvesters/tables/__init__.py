"""From workbook, CSV, PX, JSON-stat and query results to typed tables."""
