"""Which photos the set holds: lights by tones of skin with many and with few scars, and without."""

from __future__ import annotations

from collections.abc import Sequence

from scarscope.validation.standard_set import SCARS_PER_CM2

from .shot import LIGHTS, SCAR_FREE, Shot, draw_shot

# From light to dark; each photo's own tone lies within 6 degrees.
TONES_DEG = (48.0, 22.0, -8.0, -40.0)

# Where the seeds of scar-free skin, of skin with many scars, and of pairs begin within a range; a
# larger set leaves the others alone.
_FIRST_FREE, _FIRST_MANY, FIRST_OF_PAIRS = 60, 100, 500


def plan(seeds: Sequence[int], *, many: int, few: int, free: int) -> tuple[Shot, ...]:
    """The photos of a set.

    Parameters
    ----------
    seeds : sequence of int
        Of which the first of each kind are used.
    many : int
        Photos of skin as densely scarred as that of the validation set, so that figures can be held
        against each other; twenty show each light on each tone and at each density.
    few : int
        Photos of skin with few scars; twenty show each light on each tone once.
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
    most = {
        "many": (many, min(len(seeds), FIRST_OF_PAIRS) - _FIRST_MANY),
        "few": (few, _FIRST_FREE),
        "free": (free, _FIRST_MANY - _FIRST_FREE),
    }
    for name, (asked, limit) in most.items():
        if not 0 <= asked <= limit:
            raise SystemExit(f"--{name} {asked}: 0 to {limit}; the other seeds are not for these.")
    return (
        *(_many(seeds[_FIRST_MANY + k], k) for k in range(many)),
        *(_few(seeds[k], k) for k in range(few)),
        *(_free(seeds[_FIRST_FREE + k], k) for k in range(free)),
    )


def _many(seed: int, number: int) -> Shot:
    light, row = number % len(LIGHTS), number // len(LIGHTS)
    tone = TONES_DEG[row % len(TONES_DEG)]
    # Moved on with the light, and once more after each round of tones: all three go through all.
    density = SCARS_PER_CM2[(row + light + row // len(TONES_DEG)) % len(SCARS_PER_CM2)]
    return draw_shot(seed, LIGHTS[light], tone, scars_per_cm2=density)


def _few(seed: int, number: int) -> Shot:
    tone = TONES_DEG[number // len(LIGHTS) % len(TONES_DEG)]
    return draw_shot(seed, LIGHTS[number % len(LIGHTS)], tone)


def _free(seed: int, number: int) -> Shot:
    light, tone = LIGHTS[number % len(LIGHTS)], TONES_DEG[number % len(TONES_DEG)]
    return draw_shot(seed, light, tone, SCAR_FREE[number % len(SCAR_FREE)])
