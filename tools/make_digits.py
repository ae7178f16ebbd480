"""Make gluonx/data/vision/digits.npz from the copy of the UCI digits that scikit-learn carries.

    pip install scikit-learn && python tools/make_digits.py

The order of the scans is fixed here: shuffled within each class, then the classes interleaved, so
that every run of consecutive scans, and with it the held-out part, has about the same share of
each digit.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parent.parent / "gluonx" / "data" / "vision" / "digits.npz"


def stratified_order(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return a permutation in which each class is shuffled and spread evenly."""
    # RandomState's stream is frozen by NumPy's compatibility policy; default_rng's is not.
    rng = np.random.RandomState(seed)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        position[rng.permutation(members)] = (np.arange(len(members)) + 0.5) / len(members)
    return np.argsort(position, kind="stable")


def main() -> None:
    digits = load_digits()
    order = stratified_order(digits.target)
    np.savez_compressed(
        TARGET,
        images=digits.images[order].astype(np.uint8),
        labels=digits.target[order].astype(np.uint8),
    )
    print(f"wrote {TARGET.name}: {len(order)} scans, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
