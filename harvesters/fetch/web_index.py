"""Files that a web page links to: a server's listing of a folder, or a page with downloads.

Apache, nginx, IIS and lighttpd list folders in HTML of their own each; what they share is that a
file is a link with its name, a subfolder a link that ends with a slash, and that the title names
the folder. A page made by hand gives the files it links to; no other page of its site is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from harvesters.errors import HarvestError
from harvesters.fetch.folders import MAX_FILES, TEMPORARY
from harvesters.fetch.grants import nfc, origin_of, without_credentials
from harvesters.fetch.remote import too_many
from harvesters.fetch.response import Response

#: Subfolders below the first page, and pages in all.
MAX_DEPTH = 8
MAX_PAGES = 2_000


@dataclass(frozen=True)
class Link:
    """A link of a page: its target as written, its words, the file name it suggests."""

    href: str
    text: str
    download: str = ""


@dataclass(frozen=True)
class Found:
    """A file that was linked to. `path` is stable: relative to the first page where it can be."""

    path: str
    url: str


def files_below(
    page: Response, suffixes: Sequence[str], get: Callable[[str], Response]
) -> list[Found]:
    """The files that a page and the listings below it link to, each once, by path.

    On the page's own host only. A subfolder's listing that cannot be read raises: what is not
    listed must not be taken for gone.
    """
    start = _folder_of(page.url)
    found: dict[str, Found] = {}
    waiting: list[tuple[Response, int]] = [(page, 0)]
    seen = {_plain(page.url), start}
    while waiting:
        listing, depth = waiting.pop()
        listing_depth = depth if _is_listing(listing) else MAX_DEPTH
        for url, name in _targets(listing):
            if _is_file(name, suffixes):
                found.setdefault(url, Found(_path(url, name, start), url))
            elif listing_depth < MAX_DEPTH and _is_subfolder(url, start) and url not in seen:
                seen.add(url)
                if len(seen) > MAX_PAGES:
                    raise too_many(MAX_PAGES, "trang", "pages", page.url)
                below = get(url)
                if below.is_html:
                    waiting.append((below, depth + 1))
        if len(found) > MAX_FILES:
            raise too_many(MAX_FILES, "tệp", "files", page.url)
    return sorted(found.values(), key=lambda file: file.path)


def _is_listing(page: Response) -> bool:
    """Whether a server made the page: its title ends with the folder's path, or says what it is.

    "Index of /so-lieu" (Apache, nginx, lighttpd), "host - /so-lieu/" (IIS), "Directory listing for
    /so-lieu/" (Python); behind a proxy the path may be another one.
    """
    parser = _parsed(page)
    title = " ".join(parser.title.split())
    path = unquote(urlsplit(page.url).path)
    named = title.rstrip("/").endswith(path.rstrip("/")) and "/" in title
    return path.endswith("/") and (named or title.lower().startswith(("index of ", "directory")))


def _targets(page: Response) -> Iterator[tuple[str, str]]:
    """(URL, name) of what a page links to on its own host, by its `<base>` if it has one."""
    parser = _parsed(page)
    base = urljoin(page.url, parser.base) if parser.base else page.url
    for link in parser.links:
        try:
            url = without_credentials(urljoin(base, link.href.strip()))
            if origin_of(url) != origin_of(page.url):
                continue
        except (HarvestError, ValueError):
            continue
        yield url, _name(url, link)


def _name(url: str, link: Link) -> str:
    """The file's name: of the path, of a parameter (``?file=…``), of the link itself."""
    parts = urlsplit(url)
    candidates = [
        unquote(parts.path).rpartition("/")[2],
        *(value.rpartition("/")[2] for _, value in parse_qsl(parts.query)),
        link.download,
        " ".join(link.text.split()),
    ]
    named = (c for c in candidates if "." in c[1:] and len(c) < 200 and "/" not in c)
    by_suffix = [c for c in named if len(c.rpartition(".")[2]) <= 4]
    last = next((c for c in by_suffix if not c.lower().endswith(_PAGES)), "")
    return nfc(last or candidates[0])


#: Programs that hand files out: their own name says nothing of the file.
_PAGES = (".asp", ".aspx", ".ashx", ".php", ".jsp", ".do", ".html", ".htm", ".cgi")


def _is_file(name: str, suffixes: Sequence[str]) -> bool:
    return name.lower().endswith(tuple(suffixes)) and not name.startswith(TEMPORARY)


def _is_subfolder(url: str, start: str) -> bool:
    """Below the first page, by its path, and no other view of the same folder (``?C=M;O=A``)."""
    parts = urlsplit(url)
    path = parts.path
    hidden = unquote(path).rstrip("/").rpartition("/")[2].startswith(TEMPORARY)
    below = path.startswith(urlsplit(start).path) and path != urlsplit(start).path
    return path.endswith("/") and below and not parts.query and not hidden


def _path(url: str, name: str, start: str) -> str:
    parts, root = urlsplit(url), urlsplit(start).path
    path = unquote(parts.path.removeprefix(root).lstrip("/"))
    if parts.query or path.rpartition("/")[2] != name:
        path = f"{path}?{unquote(parts.query)}".rstrip("?") + f"/{name}"
    return nfc(path)


def _folder_of(url: str) -> str:
    """The URL up to its last slash: what relative links of a page begin from."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rpartition("/")[0] + "/", query=""))


def _plain(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def _parsed(page: Response) -> _Links:
    parser = _Links()
    parser.feed(page.content.decode("utf-8", "replace"))
    parser.close()
    return parser


class _Links(HTMLParser):
    """Collects `<a href>`; a page may be as broken as it likes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = self.title = ""
        self._in_title = False
        self.links: list[Link] = []
        self._open: tuple[str, str] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title"
        if tag == "base" and not self.base:
            self.base = given.get("href", "")
        if tag == "a":
            self._finish()
            if given.get("href"):
                self._open = (given["href"], given.get("download", ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag == "a":
            self._finish()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        if self._open is not None:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._finish()

    def _finish(self) -> None:
        if self._open is not None:
            href, download = self._open
            self.links.append(Link(href, "".join(self._text), download))
        self._open, self._text = None, []
