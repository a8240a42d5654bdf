"""Addresses of files, read so strictly that no two readers take one differently."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tileweave.adapters.places.segments import segments_of
from tileweave.domain.errors import PlaceRefused

MOST_CHARACTERS = 2_048

LOOPBACK = "127.0.0.1"
"""The only host that is spoken to without TLS: this machine."""

DEFAULT_PORTS = {"https": "443", "http": "80"}

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(/.*)?", re.DOTALL)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_S3_BUCKET = re.compile(r"(?!.*\.[.-])(?!.*-\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DOTTED_NUMBERS = re.compile(r"\d+(\.\d+)*")
_HOST = re.compile(r"(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[1-9][0-9]{0,4})?")
_OTHER_KINDS_OF_BUCKET = ("--x-s3", "--ol-s3", "-s3alias", ".mrap", "--table-s3")
"""Ends of names with which S3 clients choose another host: access points, directory buckets."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a file, or a folder of them, is: `host` is a bucket's name in object storage."""

    scheme: str
    host: str
    parts: tuple[str, ...]
    query: str = ""

    @property
    def key(self) -> str:
        """What it is called there, without a slash at its begin."""
        return "/".join(self.parts)

    @property
    def path(self) -> str:
        """Its path on this machine."""
        return f"/{self.key}"

    @property
    def url(self) -> str:
        """All of it, with a query: where it is signed, whoever has this can read the file."""
        return f"{self}?{self.query}" if self.query else str(self)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}/{self.key}"

    def is_in(self, folder: Address) -> bool:
        """Whether it is the same as a folder, or in it, at any depth."""
        same_host = (self.scheme, self.host) == (folder.scheme, folder.host)
        return same_host and self.parts[: len(folder.parts)] == folder.parts


def file_at(href: str, *, queries: bool = False) -> Address:
    """Return the address of a file. Raises PlaceRefused; with `queries`, a query is no reason."""
    address = address_of(href, queries=queries)
    if not address.parts:
        raise PlaceRefused(href, "names no file.")
    return address


def address_of(href: str, *, queries: bool = False) -> Address:
    """Return the address of a file or folder. Raises PlaceRefused."""
    if len(href) > MOST_CHARACTERS:
        raise PlaceRefused(f"{href[:80]}...", f"has more than {MOST_CHARACTERS} characters.")
    found = _ADDRESS.fullmatch(href)
    if found is None:
        raise PlaceRefused(href, "must be an address such as s3://bucket/name.")
    scheme, host, path = found[1].lower(), found[2], found[3] or ""
    path, query = _without_query(href, scheme, path) if queries else (path, "")
    try:
        named = _READ[scheme](scheme, host)
        return Address(scheme, named, segments_of(path, encoded=scheme in DEFAULT_PORTS), query)
    except KeyError:
        raise PlaceRefused(href, "must begin with s3://, gs://, https:// or file:///.") from None
    except ValueError as error:
        raise PlaceRefused(href, f"{error}.") from error


def _without_query(href: str, scheme: str, path: str) -> tuple[str, str]:
    path, _, query = path.partition("?") if scheme in DEFAULT_PORTS else (path, "", "")
    if not query.isprintable() or not query.isascii() or {" ", "#", "\\"} & set(query):
        raise PlaceRefused(href, "has a query that is not percent-encoded.")
    return path, query


def _bucket(scheme: str, name: str) -> str:
    form = _S3_BUCKET if scheme == "s3" else _BUCKET
    if not form.fullmatch(name) or _DOTTED_NUMBERS.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a bucket")
    if scheme == "s3" and name.endswith(_OTHER_KINDS_OF_BUCKET):
        raise ValueError(f"{name!r} is not a general purpose bucket, by its end")
    return name


def _host(scheme: str, host: str) -> str:
    if "@" in host:
        raise ValueError("holds a user name or a password; give credentials in the environment")
    if not host.isascii():
        raise ValueError("has a host that is not in ASCII: write it as xn--...")
    if not _HOST.fullmatch(host.lower()):
        raise ValueError(f"{host!r} is not the name of a host")
    name, _, port = host.lower().partition(":")
    if scheme == "http" and name != LOOPBACK:
        raise ValueError(f"must begin with https://; http:// is for {LOOPBACK} only")
    return name if port in ("", DEFAULT_PORTS[scheme]) else f"{name}:{port}"


def _none(scheme: str, host: str) -> str:
    if host:
        raise ValueError(f"must be {scheme}:///..., with three slashes: there is no host")
    return host


_READ = {"s3": _bucket, "gs": _bucket, "https": _host, "http": _host, "file": _none}
