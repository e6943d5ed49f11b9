"""croissant.json: the release in the words of Croissant 1.0.

https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bot.datasets.releases.contents import Column, Contents, TableFile
from bot.datasets.releases.loading import feature
from bot.datasets.releases.sums import digest_of

CROISSANT: Final = "croissant.json"

CONTEXT: Final[Mapping[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""As the specification gives it."""


PICTURE: Final = "sc:ImageObject"
TYPES: Final = {
    "bool": "sc:Boolean",
    "float32": "sc:Float",
    "float64": "sc:Float",
    "image": PICTURE,
}


def write_croissant(folder: Path, contents: Contents) -> None:
    """Describe every table that has a row. Raises OSError."""
    tables = [table for table in contents.tables if table.rows]
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"horde-jury-votes-{contents.number}",
        "description": (
            "What people think of AI-generated pictures: votes on two scales, scores of pictures,"
            " and formats that are made of them. README.md says how they were collected."
        ),
        "license": contents.licence,
        "url": ".",
        "version": contents.version,
        "datePublished": contents.released_at[:10],
        "citeAs": f"Horde Jury votes, release {contents.number}, {contents.released_at[:10]}",
        "isLiveDataset": False,
        "distribution": [_file(folder, table) for table in tables],
        "recordSet": [_records(table) for table in tables],
    }
    text = json.dumps(described, indent=2)
    (folder / CROISSANT).write_text(f"{text}\n", encoding="ascii")


def _file(folder: Path, table: TableFile) -> dict[str, Any]:
    path = folder / table.path
    return {
        "@type": "cr:FileObject",
        "@id": table.path,
        "name": table.path,
        "contentUrl": table.path,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": digest_of(path),
    }


def _records(table: TableFile) -> dict[str, Any]:
    name = table.path.removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [_field(name, table, column) for column in table.columns],
    }


def _field(records: str, table: TableFile, column: Column) -> dict[str, Any]:
    kind, is_list = _type(column), column.type.startswith("list<")
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{column.name}",
        "name": f"{records}/{column.name}",
        "dataType": kind,
        **({"repeated": True} if is_list else {}),
        "source": {
            "fileObject": {"@id": table.path},
            "extract": {"column": column.name},
            **({"transform": {"jsonPath": "bytes"}} if kind == PICTURE else {}),
        },
    }


def _type(column: Column) -> str:
    """Return schema.org's name of a column's type; of its items where it is a list."""
    known = feature(column) or {}
    kind = known.get("sequence") or known.get("dtype") or column.type
    if kind.startswith("timestamp"):
        return "sc:DateTime"
    if "int" in kind:
        return "sc:Integer"
    return TYPES.get(kind, "sc:Text")
