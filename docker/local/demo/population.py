"""Area, population and density of the province, in a file as the statistics office gives it out.

Figures: PX-Web of the statistics office of Viet Nam, table E02.01 "Area, population and population
density by province" (July 2025), rows of Thanh Hóa; that 2024 is preliminary says table E02.03-07.
Form: its JSON-stat export, with what is peculiar to it (categories by position, a NUL byte at the
end).
"""

from __future__ import annotations

import json
from pathlib import Path

INDICATORS = (
    "Diện tích (Km2)",
    "Dân số trung bình (Nghìn người)",
    "Mật độ dân số (Người/km2)",
)
#: Year: area, average population, density, each as published.
FIGURES = {
    "2011": ("11131.9", "3427.585", "307.906556832167"),
    "2012": ("11132.2", "3449.437", "309.861213416935"),
    "2013": ("11130.5", "3484.774", "313.083329589866"),
    "2014": ("11129.5", "3507.09", "315.116582056696"),
    "2015": ("11129.5", "3537", "317.804034323195"),
    "2016": ("11114.5", "3570.8", "321.274011426515"),
    "2017": ("11114.7", "3603.7", "324.228274267412"),
    "2018": ("11114.6", "3631.3", "326.714411674734"),
    "2019": ("11114.6", "3645.8", "328"),
    "2020": ("11114.6472", "3664.94413388979", "330"),
    "2021": ("11114.71", "3716.428", "334"),
    "2022": ("11114.71", "3722.059", "335"),
    "2023": ("11114.7138", "3739.48000804914", "336.44411141285"),
    "Sơ bộ 2024": ("11114.71", "3764.241", "338.671994141098"),
}


def build(folder: Path) -> None:
    """Writes ``dan-so-thanh-hoa.json`` if it is not there yet; always the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "dan-so-thanh-hoa.json"
    if not place.exists():
        place.write_bytes(_content())


def _content() -> bytes:
    dimensions = {
        "Tỉnh, thành phố": ["Thanh Hóa"],
        "Năm": list(FIGURES),
        "Chỉ tiêu": list(INDICATORS),
    }
    dimension: dict[str, object] = {
        name: {
            "label": name,
            "category": {
                "index": {str(at): at for at in range(len(labels))},
                "label": {str(at): label for at, label in enumerate(labels)},
            },
        }
        for name, labels in dimensions.items()
    }
    dimension["id"] = list(dimensions)
    dimension["size"] = [len(labels) for labels in dimensions.values()]
    dimension["role"] = {}
    dataset = {
        "dimension": dimension,
        "label": "Dân số, diện tích và mật độ dân số tỉnh Thanh Hóa",
        "source": "Cục Thống kê (PX-Web, bảng E02.01)",
        "updated": "2025-07-23T02:00:00Z",
        "value": [0],
    }
    text = json.dumps({"dataset": dataset}, ensure_ascii=False, separators=(",", ":"))
    figures = ",".join(figure for row in FIGURES.values() for figure in row)
    return text.replace('"value":[0]', f'"value":[{figures}]').encode() + b"\0"
