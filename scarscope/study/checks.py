"""What every statistic of agreement asks of its input, and how its result becomes a table."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scarscope.errors import ParamsError, StudyError

Floats = NDArray[np.float64]


class Result:
    """Base of the frozen results: fields become columns."""

    def to_frame(self) -> pd.DataFrame:
        """One row, one column a field, in the order of the fields."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # every child is a dataclass
        return pd.DataFrame([{field.name: getattr(self, field.name) for field in fields}])


def numbers(values: ArrayLike, name: str, *, ndim: int = 1) -> Floats:
    """`values` as float64 of `ndim` axes without a missing or infinite one.

    Raises
    ------
    StudyError
        If they are not numbers, have other axes, or hold NaN or infinity; the place is named.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"{name} holds something that is not a number ({error}).",
            remedy="Give plain numbers, without units, marks or text.",
        ) from error
    if array.ndim != ndim:
        raise StudyError(
            f"{name} has {array.ndim} axes, not {ndim}.",
            remedy="Give one row a target and one column a rater."
            if ndim == 2
            else "Give one figure for each photo or subject, as a flat list or a column.",
        )
    _refuse_gaps(array, name)
    return array


def _refuse_gaps(array: Floats, name: str) -> None:
    gaps = np.argwhere(~np.isfinite(array))
    if len(gaps) == 0:
        return
    where = ", ".join(str(tuple(gap.tolist())) for gap in gaps[:3])
    more = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
    raise StudyError(
        f"{name} has no finite number at {where}{more} (counted from 0).",
        remedy="Leave out the targets that were not measured every time, and say how many.",
    )


def paired(
    a: ArrayLike, b: ArrayLike, names: tuple[str, str], *, at_least: int = 2
) -> tuple[Floats, Floats]:
    """Two equally long series of finite numbers.

    Raises
    ------
    StudyError
        If they differ in length, are shorter than `at_least`, or :func:`numbers` refuses one.
    """
    first, second = numbers(a, names[0]), numbers(b, names[1])
    same_length(len(first), len(second), names)
    enough(len(first), at_least, "pairs")
    return first, second


def same_length(first: int, second: int, names: tuple[str, str]) -> None:
    """Refuse two series of different lengths."""
    if first != second:
        raise StudyError(
            f"{names[0]} has {first} figures but {names[1]} has {second}.",
            remedy="Give them in the same order, one figure of each for every target.",
        )


def enough(count: int, at_least: int, what: str) -> None:
    """Refuse fewer than `at_least`."""
    if count < at_least:
        raise StudyError(
            f"{count} {what} are too few: at least {at_least} are needed.",
            remedy="Measure more, or report the single figures without this statistic.",
        )


def in_unit_interval(value: float, name: str) -> float:
    """`value`, if it lies between 0 and 1 and is neither.

    Raises
    ------
    ParamsError
        Otherwise.
    """
    if not 0 < value < 1:
        raise ParamsError(
            f"{name} is {value!r}, which does not lie between 0 and 1.",
            remedy="Give a fraction such as 0.95.",
        )
    return value


def one_of(value: object, name: str, allowed: tuple[Any, ...]) -> None:
    """Refuse a `value` that is not among the `allowed`."""
    if not any(value is choice or value == choice for choice in allowed):
        raise ParamsError(
            f"{name} is {value!r}.", remedy=f"Choose one of {', '.join(map(repr, allowed))}."
        )
