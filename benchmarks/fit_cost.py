"""What a fit costs: a step beside the article's loop, the automatic step size, memory.

    python -P benchmarks/fit_cost.py

Times are the best of nine interleaved runs on this machine; the ratios are what counts.
"""

import resource
import subprocess
import sys
from time import perf_counter

import numpy as np

from sk_neuron import SigmoidNeuronClassifier
from sk_neuron._learning_rate import auto_learning_rate

SIZES = [
    (4, 3, 10_000),
    (569, 30, 2000),
    (200, 100, 2000),
    (20_000, 50, 100),
    (1_000_000, 50, 10),
]


def article(X, y, eta, steps):
    """Train as the article does, with a step size and without a guard."""
    weights, target = np.zeros((X.shape[1], 1)), y[:, np.newaxis]
    for _ in range(steps):
        output = 1 / (1 + np.exp(-(X @ weights)))
        error = target - output
        weights = weights + eta * (X.T @ (error * output * (1 - output)))
    return weights


def neuron(X, y, eta, steps):
    params = {"max_iter": steps, "learning_rate": eta, "fit_intercept": False}
    return SigmoidNeuronClassifier(**params).fit(X, y).coef_.T


def seconds(function, *args):
    start = perf_counter()
    function(*args)
    return perf_counter() - start


def show_time():
    """Print the time of a step of the article's loop and of the neuron."""
    print("\nA step; a whole fit of one step; 'auto' as a share of a fit of 100 steps")
    print("     rows x features   article     neuron   ratio    one step      auto")
    for n, d, steps in SIZES:
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((n, d)), np.arange(n) % 2
        eta = (
            SigmoidNeuronClassifier(max_iter=1, fit_intercept=False)
            .fit(X, y)
            .learning_rate_
        )
        np.testing.assert_allclose(
            neuron(X, y, eta, 5), article(X, y, eta, 5), rtol=1e-9, atol=1e-12
        )
        runs = [
            (
                seconds(article, X, y, eta, steps),
                seconds(neuron, X, y, eta, steps),
                seconds(neuron, X, y, eta, 1),
                seconds(auto_learning_rate, X, np.ones((n, 1)), 0.0, False),
            )
            for _ in range(9)
        ]
        loop, fit, one, auto = np.min(runs, axis=0)
        loop, step = loop / steps, (fit - one) / (steps - 1)
        print(
            f"{n:>9} x {d:<8} {loop * 1e6:>9.1f}us {step * 1e6:>9.1f}us {step / loop:>7.2f}"
            f" {one * 1e3:>9.2f}ms {auto / (one + 99 * step + auto):>9.2f}"
        )


def show_memory():
    """Print the peak memory of a fit beyond X, each in a process of its own."""
    print("1,000,000 x 50, 20 steps: peak memory beyond X, as a share of X")
    for dtype in ("float64", "float32"):
        for n_classes in (2, 10):
            subprocess.run(
                [sys.executable, "-P", __file__, dtype, str(n_classes)], check=True
            )


def measure_memory(dtype, n_classes):
    rng = np.random.default_rng(0)
    X = np.empty((1_000_000, 50), dtype)
    for rows in np.split(X, 1000):
        rows[:] = rng.standard_normal(rows.shape)
    y = rng.integers(0, n_classes, len(X))
    SigmoidNeuronClassifier(max_iter=2).fit(X[:5000], y[:5000])  # what loads late
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    SigmoidNeuronClassifier(max_iter=20).fit(X, y)
    beyond = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    print(f"{dtype}, {n_classes:>2} classes: {beyond / X.nbytes:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_memory(sys.argv[1], int(sys.argv[2]))
    else:
        show_memory()  # first: a process starts at the peak of the one that started it
        show_time()
