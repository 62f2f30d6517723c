"""Which seeds serve what, in one place: what was tuned or trained on is never reported."""

from __future__ import annotations

TUNING = range(20_000, 21_000)  # thresholds, weights and calibration of the classical segmenter
VALIDATION = range(50_000, 60_000)  # reported figures only; nothing may be chosen by them
SAMPLES = 2026  # the study in data/samples
