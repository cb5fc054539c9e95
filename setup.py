"""Packaging: the engine, the schemas and the CKAN extension, each from its own room."""

from setuptools import find_namespace_packages, find_packages, setup

DATA = ["*.yaml", "*.yml", "*.tsv", "*.txt", "*.json", "py.typed"]

setup(
    packages=find_namespace_packages(
        "ckanext-thanhhoa", include=["ckanext.thanhhoa", "ckanext.thanhhoa.*"]
    )
    + find_packages(include=["harvesters", "harvesters.*", "schemas", "schemas.*"]),
    package_dir={"ckanext": "ckanext-thanhhoa/ckanext"},
    package_data={
        "ckanext.thanhhoa": [
            "*.yaml",
            "templates/**/*",
            "assets/**/*",
            "public/**/*",
            "i18n/**/*",
            "migration/**/*",
        ],
        "harvesters": ["**/*.yaml", "py.typed", "README.md"],
        "schemas": [f"**/{name}" for name in DATA],
    },
    include_package_data=False,
)
