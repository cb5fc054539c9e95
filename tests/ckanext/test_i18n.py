"""The Vietnamese catalogue says all that the extension says; its compiled form is new."""

from __future__ import annotations

import gettext
import re

import polib
from ckanext.thanhhoa.i18n.build import CATALOGUE, COMPILED, messages, untranslated

from harvesters.problem_words import MESSAGES


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


def test_hints_name_buttons_and_fields_as_the_pages_do() -> None:
    said = {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    on_the_pages = messages()
    named = 0
    for code, words in MESSAGES.items():
        for name in re.findall("“([^”{]+)”", words.en_hint):
            if f"“{name}”" in words.vi_hint:
                continue  # a word of the configuration, the same in both languages
            assert name in on_the_pages, code
            assert f"“{said[name]}”" in words.vi_hint, code
            named += 1
    assert named > 10
