"""Train the chest-radiograph reader, or one of the recipes, on your own films.

    python train.py --data DIR --out weights/
    python train.py --data manifest.parquet --out weights/ --init random --stages 128:6,224:1
    python train.py --data DIR --out weights/ --resume
    python train.py --data DIR --out runs/resnet --recipe resnet18-three-class
    python train.py --data DIR --out published --recipe resnet18-three-class --variant as-published
    torchrun --nproc-per-node=2 train.py --data DIR --out weights/

DIR is a public dataset as downloaded, a folder of several, a folder with normal/, pneumonia/ and
covid/, or a manifest of films that `python -m covid_core manifest` made. The GPU is used where
there is one. The run's checkpoints and log go to --run-dir; the weights, with everything needed to
trust them, to --out. Exit status: 0 done, 1 training had to stop, 2 wrong use or data that can't
serve.
"""

from __future__ import annotations

import argparse
import sys

from covid_core.commands.options.train import add


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add(parser)
    options = parser.parse_args()
    from covid_core.commands.train import run  # takes seconds: not for --help

    return run(options)


if __name__ == "__main__":
    sys.exit(main())
