"""A made-up data set with the columns of the real one, for when there is no network.

The means, spreads and influences are those of the red wines roughly, so that a model finds
something to learn; the rows are nobody's wines.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_ROWS = 1599
_SEED = 20091009

# column: mean, spread, smallest, digits, points of quality per spread
_FEATURES = {
    "fixed acidity": (8.32, 1.74, 4.6, 1, 0.05),
    "volatile acidity": (0.53, 0.18, 0.12, 2, -0.20),
    "citric acid": (0.27, 0.19, 0.0, 2, 0.02),
    "residual sugar": (2.54, 1.41, 0.9, 1, 0.01),
    "chlorides": (0.087, 0.047, 0.012, 3, -0.08),
    "free sulfur dioxide": (15.9, 10.5, 1.0, 0, 0.03),
    "total sulfur dioxide": (46.5, 32.9, 6.0, 0, -0.25),
    "density": (0.9967, 0.0019, 0.990, 4, -0.03),
    "pH": (3.31, 0.15, 2.74, 2, -0.06),
    "sulphates": (0.66, 0.17, 0.33, 2, 0.15),
    "alcohol": (10.4, 1.07, 8.4, 1, 0.40),
}


def frame() -> pd.DataFrame:
    """Return the same 1,599 rows every time: eleven features, and a quality from 3 to 8."""
    random = np.random.default_rng(_SEED)
    columns: dict[str, np.ndarray] = {}
    quality = 5.6 + random.normal(0.0, 0.55, _ROWS)
    for name, (mean, spread, smallest, digits, influence) in _FEATURES.items():
        deviation = random.normal(size=_ROWS)
        columns[name] = np.maximum(smallest, mean + spread * deviation).round(digits)
        quality += influence * deviation
    columns["quality"] = quality.round().clip(3, 8)
    rows: pd.DataFrame = pd.DataFrame(columns)
    return rows
