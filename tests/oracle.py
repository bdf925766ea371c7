"""The update rule once more, in ten lines that share nothing with the package."""

import numpy as np

_O = np.linspace(0, 1, 2_000_001)
CURVATURE = np.max(_O * (1 - _O) ** 2 * (3 * _O - 1))  # looked for, not calculated


def train(X, t, s, *, steps, eta, alpha=0.0, fit_intercept=True, start=None):
    """Return coef and intercept of one neuron: t is 0 or 1, s the weight of each row."""
    A = np.hstack([X, np.full((len(X), 1), float(fit_intercept))])
    w = np.zeros(A.shape[1]) if start is None else np.append(*start)
    decay = np.append(np.full(X.shape[1], alpha), 0.0)
    for _ in range(steps):
        o = 1 / (1 + np.exp(-np.clip(A @ w, -700, 700)))
        w = w + eta * (A.T @ (s * (t - o) * o * (1 - o)) - decay * w)
    return w[:-1], w[-1]


def loss(X, t, s, w, b, *, alpha=0.0):
    """Return 1/2 Σ s (t - o)² + alpha/2 ‖w‖²."""
    o = 1 / (1 + np.exp(-np.clip(X @ w + b, -700, 700)))
    return 0.5 * np.sum(s * (t - o) ** 2) + 0.5 * alpha * np.sum(w**2)


def smoothness(X, s, *, alpha=0.0, fit_intercept=True):
    """Return L = CURVATURE λmax(Σ s x xᵀ) + alpha."""
    A = np.hstack([X, np.full((len(X), 1), float(fit_intercept))])
    return CURVATURE * np.linalg.norm(np.sqrt(s)[:, None] * A, 2) ** 2 + alpha
