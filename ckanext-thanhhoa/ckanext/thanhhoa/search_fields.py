"""Which names before a colon are fields of the index: ``title:đất``, but not ``TP:Thanh Hóa``.

The index takes a field of any name; what a person types is a field only where the portal or CKAN
has one of that name.
"""

from __future__ import annotations

from functools import cache

import schemas

#: The fields that ``docker/solr/conf/schema.xml`` names; a test holds the two together.
IN_SOLR = frozenset((
    "_version_", "access_rights", "applicable_legislation", "area", "author", "author_email",
    "capacity", "child_of", "ckan_url", "column_fold", "column_vi", "data_dict", "dataset_type",
    "dependency_of", "depends_on", "derives_from", "download_url", "entity_type", "frequency",
    "groups", "has_derivation", "id", "index_id", "indexed_ts", "indicator", "issued", "language",
    "license", "license_id", "linked_from", "links_to", "maintainer", "maintainer_email",
    "metadata_created", "metadata_modified", "modified", "name", "name_ngram", "notes",
    "notes_en", "notes_vi", "organization", "organization_fold", "organization_vi", "parent_of",
    "permission_labels", "place", "place_fold", "place_vi", "related_place_fold",
    "related_place_vi", "res_description", "res_format", "res_name", "res_type", "res_url",
    "resources_accessed_recent", "resources_accessed_total", "revision_id", "site_id", "state",
    "tags", "tags_fold", "tags_vi", "text", "text_en", "text_vi", "theme", "theme_fold",
    "theme_vi", "title", "title_begin", "title_begin_vi", "title_en", "title_ngram",
    "title_order", "title_string", "title_vi", "url", "urls", "validated_data_dict", "version",
    "views_recent", "views_total", "word", "word_fold", "year",
))  # fmt: skip


def is_field(name: str) -> bool:
    """Whether a query with ``NAME:`` asks for a field; ``*`` is any.

    A name with an underscore is nobody's word: ``extras_NAME``, ``vocab_NAME``, fields of others.
    """
    return name == "*" or "_" in name or name in IN_SOLR or name in _of_datasets()


@cache
def _of_datasets() -> frozenset[str]:
    return frozenset(field["field_name"] for field in schemas.load("dataset")["dataset_fields"])
