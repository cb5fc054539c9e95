"""Structure messages of SDMX-ML 2.0, 2.1 and 3.0: flows, structures, codelists, constraints. Pure.

One reader for the three, since elements keep their names and place: 2.0 says ``KeyFamily`` and
``CodeList``, writes references as attributes and codes' names as descriptions; 2.1 points with
``Ref`` or ``URN``; 3.0 with the text of an element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

from harvesters.tables.jsonstat import iso_moment
from harvesters.tables.sdmx import (
    Availability,
    Code,
    Component,
    Definition,
    Flow,
    Kind,
    Names,
    Ref,
    Structures,
    ref_of_urn,
)
from harvesters.tables.xml_document import attribute, child, children, descendants, local, text
from schemas.text import nfc

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_COMPONENTS: dict[str, Kind] = {
    "Dimension": "dimension",
    "MeasureDimension": "dimension",
    "TimeDimension": "time",
    "PrimaryMeasure": "measure",
    "Measure": "measure",
    "Attribute": "attribute",
}
#: Annotations that tell when the data changed and how many observations there are, folded.
_UPDATED = ("lastupdate", "lastupdated", "updatedata", "updatedatetime", "lastupdatedat")
_COUNT = ("obscount",)
_SERIES = ("seriescount",)


def is_structure(root: Element) -> bool:
    """Whether a message is one of structures (a registry's answer counts too)."""
    return local(root.tag) in ("Structure", "RegistryInterface")


def read_structures(root: Element) -> Structures:
    """Everything in a message that describes data; what does not is passed over."""
    found = Structures()
    concepts: dict[tuple[str, str], tuple[Names, Ref | None]] = {}
    for scheme in descendants(root, "ConceptScheme"):
        _concepts(scheme, attribute(scheme, "id"), concepts)
    for concept in descendants(root, "Concept"):
        concepts.setdefault(("", attribute(concept, "id")), _concept(concept))
    for element in root.iter():
        name = local(element.tag) if isinstance(element.tag, str) else ""
        if name in ("Codelist", "CodeList") and attribute(element, "id"):
            found.codelists[_own(element)] = _codes(element)
        elif name in ("DataStructure", "KeyFamily") and _has_components(element):
            definition = _definition(element, concepts)
            found.definitions[definition.ref] = definition
        elif name == "Dataflow" and attribute(element, "id"):
            flow = _flow(element)
            found.flows[flow.ref] = flow
        elif name in ("ContentConstraint", "DataConstraint"):
            found.availability = _availability(element)
    return found


def names_of(element: Element, tag: str = "Name") -> Names:
    """The texts of an element by language."""
    return {
        found.get(_LANG, ""): nfc(text(found)) for found in children(element, tag) if text(found)
    }


def _own(element: Element) -> Ref:
    agency = attribute(element, "agencyID") or attribute(element, "agency")
    return Ref(agency, attribute(element, "id"), attribute(element, "version") or "1.0")


def _codes(element: Element) -> dict[str, Code]:
    codes: dict[str, Code] = {}
    for code in children(element, "Code"):
        name = attribute(code, "id") or attribute(code, "value")
        above = child(code, "Parent")
        parent = attribute(child(above, "Ref"), "id") or text(above)
        parent = parent or attribute(code, "parentCode")
        codes[name] = Code(name, names_of(code) or names_of(code, "Description"), parent)
    return codes


def _concept(element: Element) -> tuple[Names, Ref | None]:
    return names_of(element), _enumeration(child(element, "CoreRepresentation"))


def _concepts(
    scheme: Element, name: str, into: dict[tuple[str, str], tuple[Names, Ref | None]]
) -> None:
    for concept in children(scheme, "Concept"):
        into[(name, attribute(concept, "id"))] = _concept(concept)


def _enumeration(representation: Element | None) -> Ref | None:
    found = child(representation, "Enumeration")
    return _pointed(found) if found is not None else None


def _pointed(element: Element) -> Ref | None:
    """What a reference points at, in whichever way the version writes it."""
    ref = child(element, "Ref")
    if ref is not None:
        agency = attribute(ref, "agencyID")
        return Ref(agency, attribute(ref, "id"), attribute(ref, "version"))
    return ref_of_urn(text(element, "URN") or text(element))


def _has_components(element: Element) -> bool:
    return any(local(e.tag) in _COMPONENTS for e in element.iter() if isinstance(e.tag, str))


def _definition(
    element: Element, concepts: Mapping[tuple[str, str], tuple[Names, Ref | None]]
) -> Definition:
    components = tuple(_components(element, concepts))
    return Definition(_own(element), names_of(element), components)


def _components(
    element: Element, concepts: Mapping[tuple[str, str], tuple[Names, Ref | None]]
) -> Iterator[Component]:
    block = child(element, "DataStructureComponents")
    block = child(element, "Components") if block is None else block
    dimensions: list[tuple[int, Component]] = []
    others: list[Component] = []
    for found in _elements(block):
        kind = _COMPONENTS[local(found.tag)]
        component = _component(found, kind, concepts)
        if kind == "dimension":
            position = attribute(found, "position")
            dimensions.append((int(position) if position.isdecimal() else 10_000, component))
        else:
            others.append(component)
    yield from (component for _, component in sorted(dimensions, key=lambda pair: pair[0]))
    yield from others


def _elements(block: Element | None) -> Iterator[Element]:
    """Components that are defined here: what merely points at a dimension has no concept."""
    for found in () if block is None else block.iter():
        if isinstance(found.tag, str) and local(found.tag) in _COMPONENTS:
            told = child(found, "ConceptIdentity") is not None or attribute(found, "conceptRef")
            if told or attribute(found, "id"):
                yield found


def _component(
    element: Element,
    kind: Kind,
    concepts: Mapping[tuple[str, str], tuple[Names, Ref | None]],
) -> Component:
    concept = attribute(element, "conceptRef")
    scheme = attribute(element, "conceptSchemeRef")
    identity = child(element, "ConceptIdentity")
    if identity is not None:
        ref = child(identity, "Ref")
        urn = text(identity, "URN") or text(identity)
        concept = attribute(ref, "id") or urn.rpartition(".")[2]
        scheme = attribute(ref, "maintainableParentID") or getattr(ref_of_urn(urn), "id", "")
    names, core = concepts.get((scheme, concept)) or concepts.get(("", concept)) or ({}, None)
    listed = _enumeration(child(element, "LocalRepresentation")) or core
    if attribute(element, "codelist"):
        agency = attribute(element, "codelistAgency")
        listed = Ref(agency, attribute(element, "codelist"), attribute(element, "codelistVersion"))
    name = attribute(element, "id") or concept
    if local(element.tag) == "PrimaryMeasure":
        name = name or "OBS_VALUE"
    return Component(name, kind, names, listed, concept)


def _flow(element: Element) -> Flow:
    pointer = child(element, "Structure")
    ref = _pointed(pointer) if pointer is not None else None
    family = child(element, "KeyFamilyRef")
    if ref is None and family is not None:
        ref = Ref(text(family, "KeyFamilyAgencyID"), text(family, "KeyFamilyID"))
    told = _annotations(element)
    updated = next((iso_moment(_dated(told[n])) for n in _UPDATED if n in told), "")
    return replace(
        Flow(_own(element), names_of(element), names_of(element, "Description"), ref),
        updated=updated,
        observations=_count(told, _COUNT),
    )


def _dated(value: str) -> str:
    """``2023-01-19T12:50:39+0100`` and the like, up to the second."""
    return value[:19]


def _annotations(element: Element) -> dict[str, str]:
    """Annotations by their type, id or title, whichever name them; folded to bare letters."""
    found: dict[str, str] = {}
    for annotation in children(element, "Annotations/Annotation"):
        title = text(annotation, "AnnotationTitle")
        value = text(annotation, "AnnotationText") or text(annotation, "AnnotationValue") or title
        for name in (attribute(annotation, "id"), text(annotation, "AnnotationType"), title):
            found.setdefault("".join(filter(str.isalnum, name)).lower(), value)
    return found


def _count(told: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    return next((int(told[n]) for n in names if told.get(n, "").isdecimal()), None)


def _availability(element: Element) -> Availability:
    values: dict[str, tuple[str, ...]] = {}
    for region in children(element, "CubeRegion"):
        if attribute(region, "include") in ("", "true"):
            for tag in ("KeyValue", "Component"):
                for key in children(region, tag):
                    listed = tuple(text(value) for value in children(key, "Value"))
                    if listed:
                        values[attribute(key, "id")] = listed
    told = _annotations(element)
    return Availability(values, _count(told, _SERIES), _count(told, _COUNT))
