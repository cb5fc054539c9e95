"""The CKAN side of the portal."""
