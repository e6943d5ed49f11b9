"""The bytes of an answer, within limits and unpacked."""

from __future__ import annotations

import zlib
from typing import Final

import aiohttp

from bot.datasets.fetching.faults import FetchFailedError, FetchFault

_NOT_SAID: Final = frozenset({"application/octet-stream", "binary/octet-stream"})
# What sites say that want no part in the training of models.
_OPT_OUTS: Final = frozenset({"noai", "noimageai"})
_PIECE: Final = 1 << 16
_ZLIB_OR_GZIP: Final = 32 + zlib.MAX_WBITS
"""zlib's own sign for: either header."""


async def read_picture(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return what claims to be a picture of at most `limit` bytes.

    Raises FetchFailedError: TOO_MANY_BYTES, WRONG_TYPE, OPTED_OUT, BAD_ANSWER.
    """
    _check_headers(response, limit)
    body = await _read(response, limit)
    if len(body) > limit:
        raise _too_many_bytes(limit)
    data, whole = _unpack(body, response.headers.get("Content-Encoding", ""), limit)
    if len(data) > limit:
        raise _too_many_bytes(limit)
    if not whole:
        raise FetchFailedError(FetchFault.BAD_ANSWER, "the answer was cut off")
    return data


async def read_beginning(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return all of an answer that has at most `limit` bytes, else its beginning, which has more.

    Raises FetchFailedError: BAD_ANSWER.
    """
    body = await _read(response, limit)
    return _unpack(body, response.headers.get("Content-Encoding", ""), limit)[0]


def _check_headers(response: aiohttp.ClientResponse, limit: int) -> None:
    """Refuse before the first byte what the headers rule out."""
    announced = response.content_length
    if announced is not None and announced > limit:
        raise _too_many_bytes(limit)
    kind = response.content_type
    if not kind.startswith("image/") and kind not in _NOT_SAID:
        raise FetchFailedError(FetchFault.WRONG_TYPE, f"it is {kind}, not a picture")
    if _opts_out(response.headers.getall("X-Robots-Tag", [])):
        raise FetchFailedError(FetchFault.OPTED_OUT, "the site wants no part in training")


def _opts_out(tags: list[str]) -> bool:
    """Tell whether a site forbids the use for models: to all, or to a robot that it names."""
    directives = (
        directive.rpartition(":")[2].strip().lower() for tag in tags for directive in tag.split(",")
    )
    return not _OPT_OUTS.isdisjoint(directives)


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the bytes as they come, until they are more than `limit`."""
    body = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        body += piece
        if len(body) > limit:
            break
    return bytes(body)


def _unpack(body: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Undo a compression that was not asked for, until there are more than `limit` bytes.

    Returns them, and whether nothing was cut off.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return body, True
        case "gzip" | "x-gzip" | "deflate":
            unpacking = zlib.decompressobj(_ZLIB_OR_GZIP)
        case _:
            raise FetchFailedError(FetchFault.BAD_ANSWER, f"the encoding {encoding} is not known")
    try:
        return unpacking.decompress(body, limit + 1), unpacking.eof
    except zlib.error as error:
        raise FetchFailedError(FetchFault.BAD_ANSWER, f"it does not unpack: {error}") from error


def _too_many_bytes(limit: int) -> FetchFailedError:
    return FetchFailedError(FetchFault.TOO_MANY_BYTES, f"it has more than {limit:,} bytes")
