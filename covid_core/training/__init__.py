"""From a manifest to a trained network and the rules that turn its logits into calls.

It may use every room below, and leaves it to `evaluation` to measure what the network is worth. The
way through it: `recipe`, or a study's by `variants`, and `films` make a `run`; `loop` trains it on
`batches`; `epoch` measures and logs; `checkpoint` lets it go on after a stop; `fit_rules` fits the
calibration and thresholds. `gate`, `lungs` and `index` make what ships beside the network.
"""
