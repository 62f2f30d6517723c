"""Which seeds serve what, in one place: what was tuned or trained on is never reported.

A seed's skin, light and camera are functions of the seed and of this version; the ranges do not
overlap, and a test keeps it so.
"""

from __future__ import annotations

SAMPLES = 2026  # the study in data/samples
TUNING = range(20_000, 21_000)  # thresholds, weights and calibration of the classical segmenter
# 50 000 to 59 999 were reported on while versions of the classical segmenter were made, 60 000 to
# 69 999 with the learned segmenter's first weights, 100 000 to 109 999 looked at while 0.5.0 was
# made, 110 000 to 119 999 reported on with it, 120 000 to 129 999 with 0.6.0, 130 000 to 139 999
# with 0.7.0, 140 000 to 149 999 and 160 000 to 169 999 looked at while 0.8.0 was made, 180 000 to
# 189 999 reported on with 0.8.0 and 0.9.0: used up.
VALIDATION = range(190_000, 200_000)  # reported figures only; nothing may be chosen by them
# Reported figures of comparing. 66 000 to 69 999 were reported on with version 0.3.0, 80 000 to
# 83 999 looked at while 0.4.0 was made, 84 000 to 87 999 reported on with 0.4.0 and 0.5.0,
# 90 000 to 93 999 with 0.6.0, 94 000 to 97 999 with 0.7.0, 150 000 to 153 999 with 0.8.0,
# 154 000 to 157 999 with 0.9.0: used up.
PAIRS = range(170_000, 174_000)
STUDIES = range(88_000, 90_000)  # reported figures of studies that are photographed
TRAINING = range(1_000_000, 3_000_000)  # the network's weights
STOPPING = range(3_000_000, 3_010_000)  # the network's choice of epoch and of design
# Recipes for an independent renderer, reported only; 70 000 to 70 999 were, with the learned
# segmenter's first weights, 72 000 to 72 999 with those of 0.5.0, 73 000 to 73 999 with those of
# 0.6.0, 74 000 to 74 999 with those of 0.7.0 and 75 000 to 75 999 with those of 0.8.0, all of which
# were looked at then.
SECOND_RENDERER = range(76_000, 77_000)
SECOND_RENDERER_TUNING = range(71_000, 71_200)  # the same renderer, to try things out on
