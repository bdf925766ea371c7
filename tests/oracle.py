"""The update rule once more, in a few lines that share nothing with the package."""

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


def train_adaptively(X, t, s, *, steps, alpha=0.0, fit_intercept=True, start=None):
    """Return coef and intercept at the end, the loss and the step size before each step.

    Steps are powers of two times the inverse of a bound of the curvature.
    """
    A = np.hstack([X, np.full((len(X), 1), float(fit_intercept))])
    decay = np.append(np.full(X.shape[1], alpha), 0.0)
    smallest = 1 / (CURVATURE * s @ (A**2).sum(axis=1) + alpha)

    def evaluate(w):
        o = 1 / (1 + np.exp(-np.clip(A @ w, -700, 700)))
        error = s @ (t - o) ** 2
        return (error + decay @ w**2, A.T @ (s * (t - o) * o * (1 - o)) - decay * w, error)

    kept = np.zeros(A.shape[1]) if start is None else np.append(*start)
    (loss, pull, error), j, course = evaluate(kept), 0, []
    for _ in range(steps):
        course.append((error, smallest * 2.0**j))
        trial = kept + smallest * 2.0**j * pull
        new_loss, new_pull, new_error = evaluate(trial)
        if j > 0 and not new_loss <= loss * (1 + 16 * np.finfo(float).eps):  # rounding
            j = max(j - 2, 0)
            continue
        change = np.linalg.norm(new_pull - pull)
        if np.linalg.norm(pull) > 0:
            longest = j + 2
            if change > 0:
                step = 2.0**j * np.linalg.norm(pull) / (np.sqrt(2) * change)
                longest = min(longest, np.floor(np.log2(step)))
            j = max(0, longest)
        kept, loss, pull, error = trial, new_loss, new_pull, new_error
    errors, sizes = np.array(course).reshape(-1, 2).T
    return kept[:-1], kept[-1], errors, sizes


def loss(X, t, s, w, b, *, alpha=0.0):
    """Return 1/2 Σ s (t - o)² + alpha/2 ‖w‖²."""
    o = 1 / (1 + np.exp(-np.clip(X @ w + b, -700, 700)))
    return 0.5 * np.sum(s * (t - o) ** 2) + 0.5 * alpha * np.sum(w**2)


def smoothness(X, s, *, alpha=0.0, fit_intercept=True):
    """Return L = CURVATURE λmax(Σ s x xᵀ) + alpha."""
    A = np.hstack([X, np.full((len(X), 1), float(fit_intercept))])
    return CURVATURE * np.linalg.norm(np.sqrt(s)[:, None] * A, 2) ** 2 + alpha
