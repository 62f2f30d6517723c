"""A page of text, tables and pictures that becomes Markdown with files, or one HTML file."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the page's title."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph; lines that begin with a dash are a list."""

    text: str


@dataclass(frozen=True, eq=False)
class Table:
    """A table; cells are text already."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A picture with what it shows; `name` ends in ``.svg`` or ``.jpg``."""

    name: str
    data: bytes
    shows: str


Block = Heading | Text | Table | Picture
_MIME = {"svg": "image/svg+xml", "jpg": "image/jpeg"}
_STYLE = (
    "body{font:15px/1.5 system-ui,Helvetica,Arial,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem;color:#111;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "th,td{border:1px solid #bbb;padding:.25rem .6rem;text-align:left}img{max-width:100%}"
    "figure{margin:1rem 0}figcaption{color:#444}"
)


def to_markdown(blocks: Sequence[Block], *, folder: str) -> str:
    """The page as Markdown; pictures are linked in `folder`."""
    parts = []
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"{'#' * level} {text}")
            case Text(text):
                parts.append(text)
            case Picture(name, _, shows):
                parts.append(f"![{shows}]({folder}/{name})")
            case Table(head, rows):
                lines = [head, ("---",) * len(head), *rows]
                parts.append("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def to_html(blocks: Sequence[Block], *, title: str) -> str:
    """The page as one HTML file with its pictures inside; needs no network."""
    body = "\n".join(_html(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Text(text):
            return _html_text(text)
        case Picture(name, data, shows):
            kind = _MIME[name.rpartition(".")[2]]
            source = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
            alt = escape(shows, quote=True)
            caption = f"<figcaption>{escape(shows)}</figcaption>"
            return f'<figure><img alt="{alt}" src="{source}">{caption}</figure>'
        case Table(head, rows):
            top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
            lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
            body = "".join(f"<tr>{line}</tr>" for line in lines)
            return f"<table><tr>{top}</tr>{body}</table>"


def _html_text(text: str) -> str:
    plain = escape(text).replace("`", "")
    if not plain.startswith("- "):
        return f"<p>{plain}</p>"
    items = "".join(f"<li>{item}</li>" for item in plain[2:].split("\n- "))
    return f"<ul>{items}</ul>"


def number(value: float, digits: int = 2) -> str:
    """A figure as it stands in a page; a dash where it is not known."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


def with_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """A figure with its interval, as ``0.71 (0.66 to 0.75)``."""
    told = number(value, digits)
    if not (math.isfinite(low) and math.isfinite(high)):
        return told
    return f"{told} ({number(low, digits)} to {number(high, digits)})"


def interval_of(row: Mapping[str, Any], digits: int = 2) -> str:
    """The same from a row of figures."""
    return with_interval(float(row["value"]), float(row["low"]), float(row["high"]), digits)
