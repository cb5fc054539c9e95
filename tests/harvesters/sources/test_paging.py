"""Services of any size and any page size, honest and not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harvesters.sources._paging import Answer, Paging, Step, Walk

STYLES = ("page", "offset", "cursor", "next_link", "link_header")


class Service:
    """Hands out `rows` in pages of `size`; says the count if `counts`."""

    def __init__(self, rows: int, size: int, counts: bool, lost: frozenset[int] = frozenset()):
        self.rows, self.size, self.counts, self.lost = rows, size, counts, lost
        self.asked = 0

    def answer(self, paging: Paging, step: Step) -> tuple[Answer, list[Any]]:
        self.asked += 1
        start = self._start(paging, step)
        records = [{"id": n} for n in range(start, min(start + self.size, self.rows))]
        records = [record for record in records if record["id"] not in self.lost]
        following = start + self.size
        more = following < self.rows
        token = {"cursor": str(following), "next_link": f"/x?start={following}"}
        data = {"next": token.get(paging.style) if more else None}
        if self.counts:
            data["total"] = self.rows
        headers = {"link": f'</x?start={following}>; rel="next"'} if more else {}
        return Answer(data, headers, "http://so.example/x"), records

    def _start(self, paging: Paging, step: Step) -> int:
        if step.url:
            return int(step.url.rpartition("=")[2])
        if paging.style == "page":
            return (step.params["page"] - 1) * self.size
        return int(step.params.get(paging.style, 0))


def walked(service: Service, style: str) -> tuple[Walk, list[int]]:
    paging = Paging(style, next="next", total="total" if service.counts else "")
    walk, seen = Walk(paging), []
    while walk.step is not None:
        answer, records = service.answer(paging, walk.step)
        if walk.take(answer, records):
            seen += [record["id"] for record in records]
        assert service.asked <= service.rows + 3
    return walk, seen


@given(st.integers(0, 40), st.integers(1, 12), st.booleans(), st.sampled_from(STYLES))
def test_an_honest_service_is_read_whole(rows: int, size: int, counts: bool, style: str):
    walk, seen = walked(Service(rows, size, counts), style)
    assert seen == list(range(rows))
    assert walk.is_complete(len(seen))


@given(
    st.integers(1, 40),
    st.integers(1, 12),
    st.sampled_from(STYLES),
    st.sets(st.integers(0, 39), min_size=1),
)
def test_a_service_that_counts_more_than_it_gives_is_never_complete(
    rows: int, size: int, style: str, lost: set[int]
):
    lost = {n for n in lost if n < rows} or {0}
    walk, seen = walked(Service(rows, size, True, frozenset(lost)), style)
    assert not walk.is_complete(len(set(seen)))
