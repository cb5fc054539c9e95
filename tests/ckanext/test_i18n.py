"""The Vietnamese catalogue says all that the extension says; its compiled form is new."""

from __future__ import annotations

import gettext
import re

import polib
from ckanext.thanhhoa.i18n.build import CATALOGUE, COMPILED, messages, untranslated


def test_every_message_is_said_in_vietnamese() -> None:
    assert len(messages()) > 100
    assert untranslated(polib.pofile(str(CATALOGUE))) == []


def test_the_compiled_catalogue_is_up_to_date() -> None:
    with COMPILED.open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)
    for entry in polib.pofile(str(CATALOGUE)).translated_entries():
        if entry.msgid_plural:
            said = compiled.ngettext(entry.msgid, entry.msgid_plural, 2)
            assert said == entry.msgstr_plural[0]
        else:
            assert compiled.gettext(entry.msgid) == entry.msgstr


def test_translations_keep_the_placeholders() -> None:
    places = re.compile(r"\{[a-z_0-9]*\}|%\([a-z_]+\)s|%[sdr]")
    for entry in polib.pofile(str(CATALOGUE)).translated_entries():
        said = entry.msgstr or entry.msgstr_plural[0]
        wanted = entry.msgid_plural or entry.msgid
        assert sorted(places.findall(said)) == sorted(places.findall(wanted)), entry.msgid
