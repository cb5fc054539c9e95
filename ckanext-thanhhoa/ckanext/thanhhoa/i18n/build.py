"""Keeps the Vietnamese catalogue up to date: ``python -m ckanext.thanhhoa.i18n.build``.

Messages are written in English in Python and templates. This adds new ones to
``vi/LC_MESSAGES/ckanext-thanhhoa.po``, where they are translated by hand, and compiles the file.
It never removes an entry: the catalogue also holds Vietnamese for messages of CKAN and other
extensions that have none of their own (CKAN merges the catalogues of plugins over its own).

Exit code 1 when a message has no translation yet; they are listed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

HERE = Path(__file__).parent
CATALOGUE = HERE / "vi" / "LC_MESSAGES" / "ckanext-thanhhoa.po"
COMPILED = CATALOGUE.with_suffix(".mo")
METHODS = [("**/templates/**.html", "ckan.lib.extract:extract_ckan"), ("**.py", "python")]


def messages() -> dict[str, str]:
    """Every message of the extension, and its plural; the plural is empty where there is none."""
    found: dict[str, str] = {}
    for _, _, message, _, _ in extract_from_dir(str(HERE.parent), METHODS):
        singular, plural = message[:2] if isinstance(message, tuple) else (message, "")
        if singular:
            found[singular] = plural or found.get(singular, "")
    return found


def untranslated(catalogue: polib.POFile) -> list[str]:
    """Messages of the extension that the catalogue does not say in Vietnamese."""
    entries = {entry.msgid: entry for entry in catalogue}
    return sorted(
        message
        for message in messages()
        if message not in entries or not entries[message].translated()
    )


def main() -> int:
    """Adds what is new, compiles, and tells what is still to be translated."""
    catalogue = polib.pofile(str(CATALOGUE))
    known = {entry.msgid for entry in catalogue}
    for message, plural in sorted(messages().items()):
        if message not in known:
            entry = polib.POEntry(msgid=message, msgid_plural=plural)
            if plural:
                entry.msgstr_plural = {0: ""}
            catalogue.append(entry)
    catalogue.save()
    catalogue.save_as_mofile(str(COMPILED))
    missing = untranslated(catalogue)
    for message in missing:
        print(message)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
