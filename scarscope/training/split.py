"""Who is learned from and who is held out: whole subjects, never single photos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scarscope.errors import LayoutError, ParamsError

LEAST = 2  # subjects on either side; with one nothing is known of another


@dataclass(frozen=True)
class Split:
    """Names of subjects, in order; nobody is in both."""

    learned: tuple[str, ...]
    held_out: tuple[str, ...]


def split_subjects(subjects: Iterable[str], share: float, seed: int) -> Split:
    """Draw the subjects that are held out.

    Photos of one person are alike, so that a network that has seen one of them knows the others:
    held out by photo it would look better than it is.

    Parameters
    ----------
    subjects : iterable of str
        Of every photo; a name may come often.
    share : float
        Of subjects that are held out, 0 to 1; at least :data:`LEAST` are.
    seed : int
        The same names, share and seed give the same split.

    Raises
    ------
    ParamsError
        If `share` is no share.
    LayoutError
        If there are too few subjects, or two names differ in capitals or spaces alone.
    """
    if not 0 < share < 1:
        raise ParamsError(
            f"held_out = {share!r} is not a share of subjects.", remedy="Give 0.25, say."
        )
    names = sorted(set(subjects))
    _check_names(names)
    count = max(LEAST, round(share * len(names)))
    if len(names) - count < LEAST:
        raise LayoutError(
            f"{len(names)} subject(s) with drawings cannot be split: {LEAST} at least are learned "
            f"from and {LEAST} held out.",
            remedy="Annotate photos of more people; state them as subjects in manifest.csv or in "
            "the folders' names. Or hold out a smaller share (--held-out).",
        )
    drawn = np.random.default_rng(seed).permutation(len(names))[:count]
    held = {names[at] for at in drawn.tolist()}
    return Split(
        tuple(name for name in names if name not in held),
        tuple(name for name in names if name in held),
    )


def _check_names(names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        alike = seen.setdefault("".join(name.split()).casefold(), name)
        if alike != name:
            raise LayoutError(
                f"Subjects {alike!r} and {name!r} differ in capitals or spaces alone.",
                remedy="Write one person's name in one way, or one of them may be learned from "
                "and held out at once.",
            )
