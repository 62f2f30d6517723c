"""The help of ``scarscope compare``. Imports nothing, as the parser wants it."""

COMPARE = """\
Say what changed between two photos of the same skin, and whether that is more than the error of
measurement. The photos are laid over each other first, and judged: where light, focus or pose make
them incomparable, the answer is "not comparable", with the reasons and what to do at the next
visit, and no figure is given.

State the scale of both photos (--mm-per-px, or a file left.jpg.json beside left.jpg that holds
{"mm_per_px": 0.06}). Swelling fills scars for a week or two after a treatment: state
--days-after 10 for a photo taken ten days after one.
"""
COMPARE_EXAMPLES = """\
examples:
  scarscope compare data/samples/P01/2026-01-12/left.jpg data/samples/P01/2026-04-06/left.jpg
  scarscope compare before.jpg after.jpg --mm-per-px 0.06 --out compared
  scarscope compare before.jpg after.jpg --mm-per-px 0.06 --mm-per-px-after 0.055
  scarscope compare before.jpg after.jpg --mm-per-px 0.06 --days-after 30 --json

with --out DIR:
  DIR/aligned.jpg           both photos side by side, each scar outlined by what became of it
  DIR/change_map.jpg        where scars were filled, and where they got deeper
  DIR/blink.webp            before and after in turns: open it in a web browser
  DIR/wipe.jpg              before and after in bands, to judge the alignment by
  DIR/why.jpg               why the photos compare badly, or not at all (only where they do)
  DIR/changes.csv           one row a measure: before, after, change, detectable from, verdict
  DIR/scar_changes.csv      one row a scar: resolved, improved, unchanged, worse or new

with --json: software, version, params_hash, before and after (path, file, sha256, mm_per_px,
  scale_source, flags, days_since_treatment), same_photo, comparable (yes, caution or no),
  reasons (code, weight, value, limit, text, remedy), figures, harmonised, alignment, verdict,
  change_pct, mdc95_pct, quartile, gais, text, segmenter, weights, measures, scars (as in the
  tables), failures; null stands for what is not known.
"not comparable" is an answer: the exit status is 0.
"""
