"""Where the same skin lies in two simulated photos, from their recipes alone.

Legend
------
photo pixel : ``(x, y)``, centres at whole numbers, in one :class:`~scarscope.phantom.Rendered`
fine pixel : the same on the grid that is drawn and lit, `supersample` times finer
place : ``(x, y)`` in mm from the middle of the sheet of skin
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.noise import Grid
from scarscope.phantom.recipe import Recipe, require
from scarscope.phantom.render import Rendered
from scarscope.phantom.scene import Sheet, to_sheet

Points = NDArray[np.float64]


def true_places(before: Rendered, after: Rendered, points: NDArray[np.floating]) -> Points:
    """Where points of one photo lie in another photo of the same skin.

    Parameters
    ----------
    before, after : Rendered
        Photos of one sheet of skin; pose, pixel size and view may differ.
    points : ndarray, shape (n, 2)
        ``(x, y)`` in pixels of `before`, centres at whole numbers.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        The same in pixels of `after`; they may lie outside of it.

    Raises
    ------
    ParamsError
        If the photos show different sheets of skin.
    """
    first, second = before.recipe.skin, after.recipe.skin
    same = (first.seed, first.size_mm) == (second.seed, second.size_mm)
    require(same, "after", (second.seed, second.size_mm), f"of the skin {first.seed}")
    matrix = photo_from_skin(after.recipe) @ np.linalg.inv(photo_from_skin(before.recipe))
    return _through(matrix, points)


def photo_from_skin(recipe: Recipe) -> NDArray[np.float64]:
    """The homography from places on the skin (mm) to pixels of the recipe's photo, shape (3, 3)."""
    n, fine = recipe.supersample, recipe.mm_per_px / recipe.supersample
    placed = np.eye(3)
    # Only the sheet's shape and pixel size count here.
    shape = Grid.covering(recipe.skin.size_mm, fine).shape
    empty = np.broadcast_to(np.float64(0), shape)
    labels = np.broadcast_to(np.int32(0), shape)
    sheet = Sheet(empty, empty, labels, empty, empty, empty, empty, fine)
    wide, high = recipe.view_mm or (shape[1] * fine, shape[0] * fine)
    view = round(high / fine), round(wide / fine)
    moved = to_sheet(sheet, recipe.pose, view)
    placed[: len(moved)] = moved
    # Block i averages the fine pixels from i * n, so that its middle is (i + 0.5) * n - 0.5.
    finer = np.array([[n, 0, (n - 1) / 2], [0, n, (n - 1) / 2], [0, 0, 1]])
    middle = (np.array(shape[::-1]) - 1) / 2
    to_mm = np.array([[fine, 0, -middle[0] * fine], [0, fine, -middle[1] * fine], [0, 0, 1]])
    return np.asarray(np.linalg.inv(to_mm @ placed @ finer))


def _through(matrix: NDArray[np.float64], points: NDArray[np.floating]) -> Points:
    there = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(there[:, :2] / there[:, 2:])
