"""A second renderer: photos of scarred skin with known truth that owe the phantom nothing.

ScarScope is tuned and trained on `scarscope.phantom`, so a validation on that phantom cannot say
how much of its success is the phantom's own way of drawing skin. Here skin is drawn by another
hand and lit by another program (Mitsuba 3, a path tracer): skin lines are the level sets of band
noise, scars are implicit shapes on a curved piece of face, light travels from real lamps by way of
bounces, shadows and the surface's own masking to a camera in perspective, which sees through a
colour filter mosaic. Nothing of the relief, the pigment, the lights, the optics or the camera is
shared. What is shared is how truth is measured and written, so that the same words mean the same,
and how many scars a cm2 are asked for where they are many, so that figures stand side by side.

It stands among the benchmarks, as the peer that ScarScope is held against, and is no part of the
package. Mitsuba comes with the extra `second`:

    pip install -e ".[second]"
    python -m benchmarks.second_renderer --out study
    python -m benchmarks.second_renderer.evaluate --out study
    python -m benchmarks.second_renderer.pairs --out pairs --count 20

The first command writes photos, a manifest and truth in the layout that `scarscope batch` and
`scarscope validate` read; the second also runs these two and prints the figures. Seeds of
`SECOND_RENDERER` are for reporting only; `--tuning` draws from seeds for trying things out.
"""
