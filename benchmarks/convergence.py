"""Ten problems, easy and hard, for run.py to compare adaptive and constant steps on."""

import numpy as np
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.preprocessing import scale

# No second derivative of (t - o)^2 / 2 by the potential is larger; of a softmax layer's
# error four times as much.
CURVATURE = 0.07702928506392587


def list_problems(shorten):
    """Yield names, X and y; `shorten` cuts down the rows of made-up data."""
    rng = np.random.default_rng(0)
    X, y = load_breast_cancer(return_X_y=True)
    yield "breast cancer", scale(X), y
    yield "breast cancer, unscaled", X, y
    yield "breast cancer, 20 % flipped", scale(X), y ^ (rng.random(len(y)) < 0.2)
    far = scale(X)
    far[rng.choice(len(y), 10, replace=False)] *= 10_000
    yield "breast cancer, 10 rows times 10,000", far, y
    X, y = load_digits(return_X_y=True)
    yield "digits", scale(X), y
    yield "digits, unscaled", X, y
    for load in (load_wine, load_iris):
        X, y = load(return_X_y=True)
        yield load.__name__.removeprefix("load_"), scale(X), y
    X = rng.standard_normal((shorten(20_000), 50)) @ rng.standard_normal((50, 50))
    yield f"{len(X):,} x 50, correlated", scale(X), draw_labels(scale(X), rng)
    X = rng.standard_t(1.5, (shorten(5000), 20))
    yield f"{len(X):,} x 20, heavy tails", X, draw_labels(X, rng)


def draw_labels(X, rng):
    """Return labels drawn from a logistic model."""
    z = X @ rng.standard_normal(X.shape[1])
    return rng.random(len(X)) < expit(z / 2)


def find_safe_rate(X, n_classes):
    """Return 1 / λmax, the longest constant step that never raises the loss by theory."""
    X = np.column_stack([X, np.ones(len(X))])
    curvature = CURVATURE if n_classes == 2 else 4 * CURVATURE
    return 1 / (curvature * np.linalg.eigvalsh(X.T @ X)[-1])
