"""What ``scarscope train --help`` says. Imports nothing: help comes at once."""

TRAIN = """\
Fit the learned network further to photos in which you drew every scar, and say whether that made it
any better on people whom it has not seen. Needs: pip install "scarscope[train]"

A share of subjects is always held out, whole people and never single photos; the new weights are
written in any case, but held against the shipped ones on these subjects. Fewer than six of them
cannot tell a difference from chance. In photos with a region (roi) every scar in it must be drawn,
in others every scar at all; an empty drawing says that there is none.
"""
TRAIN_EXAMPLES = """\
examples:
  scarscope train photos drawn --out weights
  scarscope train photos drawn --out weights --held-out 0.4 --epochs 10
  scarscope phantom --out phantom --subjects 8
  scarscope train phantom phantom/truth --out weights

with --out DIR:
  DIR/network.onnx, network.json   the new weights, and what belongs to them
  DIR/comparison.csv               shipped and new weights on held-out subjects
  DIR/held_out.csv, subjects.csv   the same photo by photo; who was held out
  DIR/simulated                    simulated skin, for the next time; may be deleted
"""
