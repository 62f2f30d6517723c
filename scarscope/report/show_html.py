"""Pictures and words as one HTML fragment without script, for notebooks and mail.

Notebooks strip scripts, and often style sheets too: pictures are switched by radio buttons and CSS,
and where that is stripped, they stand below each other with their captions.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.report.files import jpeg
from scarscope.report.show_views import View

_QUALITIES = (88, 80, 70, 60, 50, 40)
_MOST_VIEWS = 8
_LEAST_PX = 64  # of a side: a picture is not shrunk below that
_ACCENT = "#0072b2"

_STYLE = (
    ".scarscope-show{max-width:1200px}"
    ".scarscope-show>input{position:absolute;opacity:0;pointer-events:none}"
    ".scarscope-show>label{display:inline-block;padding:.25em .8em;margin:0 .2em .4em 0;"
    "border:1px solid #888;border-radius:.3em;cursor:pointer}"
    f".scarscope-show>input:checked+label{{background:{_ACCENT};border-color:{_ACCENT};color:#fff}}"
    ".scarscope-show>input:focus-visible+label{outline:2px solid #e69f00;outline-offset:1px}"
    # All in one cell, so that nothing moves when they are switched.
    ".scarscope-show>div{display:grid}"
    ".scarscope-show>div>figure{grid-area:1/1;visibility:hidden;margin:0}"
    ".scarscope-show figcaption{font-size:90%}"
    "{rules}"
    "@media print{.scarscope-show>div{display:block}"
    ".scarscope-show>div>figure{visibility:visible}"
    ".scarscope-show>label{display:none}}"
)
_RULE = (
    ".scarscope-show>input:nth-of-type({n}):checked~div>figure:nth-of-type({n})"
    "{{visibility:visible}}"
)
STYLE = _STYLE.replace("{rules}", "".join(_RULE.format(n=n + 1) for n in range(_MOST_VIEWS)))
_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>ScarScope</title>"
    "<style>body{{font:16px/1.4 sans-serif;margin:1em;max-width:1200px}}"
    "td,th{{padding:.1em .8em .1em 0;text-align:left}}</style>"
    "</head><body>{fragment}</body></html>\n"
)


def fragment(caption: str, views: Sequence[View], words: str, *, most: int) -> str:
    """Pictures that are switched in place, and words below.

    Parameters
    ----------
    caption : str
        One line above the pictures, as plain text.
    views : sequence of View
    words : str
        HTML, escaped.
    most : int
        Bytes that all pictures may have as files; they grow by a third in the fragment.
    """
    head = f"<p><b>{escape(caption)}</b></p>"
    foot = "<p><small>Estimated from photos; research software, not a medical device.</small></p>"
    return f"{head}{_switched(views, most)}{words}{foot}"


def page(inner: str) -> str:
    """A fragment as a page of its own, which may load nothing from anywhere."""
    return _PAGE.format(fragment=inner)


def image(view: View, *, most: int) -> str:
    """One picture as an image element that holds its file."""
    data = base64.b64encode(jpeg_within(view.picture, most)).decode("ascii")
    width = view.picture.shape[1]
    return (
        f'<img src="data:image/jpeg;base64,{data}" alt="{escape(view.text)}" '
        f'style="width:100%;max-width:{width}px;height:auto">'
    )


def jpeg_within(picture: NDArray[np.uint8], most: int) -> bytes:
    """A picture as JPEG of at most `most` bytes: as good as that allows, then smaller."""
    while True:
        for quality in _QUALITIES:
            data = jpeg(picture, quality)
            if len(data) <= most:
                return data
        height, width = (round(0.75 * side) for side in picture.shape[:2])
        if min(height, width) < _LEAST_PX:
            return data
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        picture = np.asarray(small, dtype=np.uint8)


def _switched(views: Sequence[View], most: int) -> str:
    if not views:
        return ""
    share = most // len(views)
    figures = "".join(
        f"<figure>{image(view, most=share)}<figcaption>{escape(view.text)}</figcaption></figure>"
        for view in views
    )
    # A name of its own each time: two outputs of one notebook must not switch each other.
    name = f"scarscope-{secrets.token_hex(6)}"
    buttons = "".join(_button(view.label, name, at) for at, view in enumerate(views))
    if len(views) == 1:
        return figures.replace("<figure>", '<figure style="margin:0">')
    return f'<div class="scarscope-show"><style>{STYLE}</style>{buttons}<div>{figures}</div></div>'


def _button(label: str, name: str, at: int) -> str:
    checked = " checked" if at == 0 else ""
    return (
        f'<input type="radio" name="{name}" id="{name}-{at}"{checked}>'
        f'<label for="{name}-{at}">{escape(label)}</label>'
    )
