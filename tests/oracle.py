"""The update rule once more, in a few lines that share nothing with the package.

For two classes `y` is 0 or 1 and coef is (d,): a sigmoid neuron. For `n_classes` > 2 coef
is (n_classes, d): a softmax layer. `s` are the weights of the rows.
"""

import numpy as np

_O = np.linspace(0, 1, 2_000_001)
CURVATURE = np.max(_O * (1 - _O) ** 2 * (3 * _O - 1))  # looked for, not calculated


def curvature(n_classes):
    """Return the largest curvature of a row's loss in its raw predictions."""
    return CURVATURE if n_classes == 2 else 4 * CURVATURE


def train(X, y, s, *, steps, eta, alpha=0.0, fit_intercept=True, start=None, n_classes=2):
    """Return coef and intercept after some steps of one size."""
    A, w, decay = _prepare(X, alpha, fit_intercept, start, n_classes)
    for _ in range(steps):
        w = w + eta * (_pull(A, y, s, w) - decay * w)
    return w[:-1].T, w[-1]


def train_adaptively(
    X, y, s, *, steps, alpha=0.0, fit_intercept=True, start=None, n_classes=2
):
    """Return coef and intercept at the end, the loss and the step size before each step.

    Steps are powers of two times the inverse of a bound of the curvature.
    """
    A, kept, decay = _prepare(X, alpha, fit_intercept, start, n_classes)
    smallest = 1 / (curvature(n_classes) * s @ (A**2).sum(axis=1) + alpha)

    def evaluate(w):
        error = _squared_error(A, y, s, w)
        return error + (decay * w**2).sum(), _pull(A, y, s, w) - decay * w, error

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
    return kept[:-1].T, kept[-1], errors, sizes


def loss(X, y, s, coef, intercept, *, alpha=0.0):
    """Return 1/2 Σ s ‖e‖² + alpha/2 ‖coef‖², where e is t - o or e_y - p."""
    A, w, _ = _prepare(X, alpha, True, (coef, intercept), None)
    return 0.5 * _squared_error(A, y, s, w) + 0.5 * alpha * np.sum(coef**2)


def smoothness(X, s, *, alpha=0.0, fit_intercept=True, n_classes=2):
    """Return L = c λmax(Σ s x xᵀ) + alpha."""
    A = np.hstack([X, np.full((len(X), 1), float(fit_intercept))])
    return curvature(n_classes) * np.linalg.norm(np.sqrt(s)[:, None] * A, 2) ** 2 + alpha


def _prepare(X, alpha, fit_intercept, start, n_classes):
    """Return X with a column for the intercept, the start (d + 1, ...) and its decay."""
    A = np.hstack([X, np.full((len(X), 1), float(fit_intercept))])
    if start is None:
        w = np.zeros(A.shape[1] if n_classes == 2 else (A.shape[1], n_classes))
    else:
        coef, intercept = map(np.asarray, start)
        w = np.concatenate([coef.T, intercept[np.newaxis]])
    decay = np.append(np.full(X.shape[1], alpha), 0.0)
    return A, w, decay if w.ndim == 1 else decay[:, np.newaxis]


def _answer(A, w):
    """Return o, (n,), or p, (n, K)."""
    z = A @ w
    if w.ndim == 1:
        return 1 / (1 + np.exp(-np.clip(z, -700, 700)))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _squared_error(A, y, s, w):
    """Return Σ s ‖e‖²."""
    answer = _answer(A, w)
    if w.ndim == 1:
        return s @ (y - answer) ** 2
    return s @ ((np.eye(w.shape[1])[y] - answer) ** 2).sum(axis=1)


def _pull(A, y, s, w):
    """Return minus the gradient of 1/2 Σ s ‖e‖²."""
    answer = _answer(A, w)
    if w.ndim == 1:
        return A.T @ (s * (y - answer) * answer * (1 - answer))
    error = np.eye(w.shape[1])[y] - answer
    delta = answer * (error - np.sum(answer * error, axis=1, keepdims=True))
    return A.T @ (s[:, np.newaxis] * delta)
