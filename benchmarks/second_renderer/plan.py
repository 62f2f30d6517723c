"""Which photos the set holds: lights by tones of scarred skin, then skin without scars."""

from __future__ import annotations

from collections.abc import Sequence

from .shot import LIGHTS, SCAR_FREE, Shot, draw_shot

# From light to dark; each photo's own tone lies within 6 degrees.
TONES_DEG = (48.0, 22.0, -8.0, -40.0)

# Where the seeds of scar-free skin begin within a range; a larger set leaves the others alone.
_FIRST_FREE = 60


def plan(seeds: Sequence[int], *, count: int, free: int) -> tuple[Shot, ...]:
    """The photos of a set.

    Parameters
    ----------
    seeds : sequence of int
        Of which the first of each kind are used.
    count : int
        Photos of scarred skin; twenty show each light on each tone once.
    free : int
        Photos of skin without scars.

    Returns
    -------
    tuple of Shot

    Raises
    ------
    SystemExit
        If there are not enough seeds.
    """
    if not (0 <= count <= _FIRST_FREE and 0 <= free <= len(seeds) - _FIRST_FREE):
        raise SystemExit(
            f"--count goes to {_FIRST_FREE} and --free to {len(seeds) - _FIRST_FREE}: the other "
            "seeds are not this set's."
        )
    scarred = [_shot(seeds[k], k, k // len(LIGHTS)) for k in range(count)]
    return tuple(scarred) + tuple(_free(seeds[_FIRST_FREE + k], k) for k in range(free))


def _shot(seed: int, light: int, tone: int) -> Shot:
    return draw_shot(seed, LIGHTS[light % len(LIGHTS)], TONES_DEG[tone % len(TONES_DEG)])


def _free(seed: int, number: int) -> Shot:
    light, tone = LIGHTS[number % len(LIGHTS)], TONES_DEG[number % len(TONES_DEG)]
    return draw_shot(seed, light, tone, SCAR_FREE[number % len(SCAR_FREE)])
