"""What it costs to have callbacks, and to train on a memory map.

Fits with and without are timed in turns; the ratio is that of the medians, and its spread
half the distance between the quartiles of the ratios of neighbours.
"""

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from problems import make_dense

import sk_neuron._classifier
from sk_neuron import SigmoidNeuronClassifier
from sk_neuron._compat import ProgressBar

# Of the memory map, in bytes, and of what its fit may have beside it.
MAP_SIZE = 4 * 2**30
ROOM = 600 * 2**20


def compare(plain, other, n_rounds):
    """Return the median times of two calls in turns, and the spread of their ratio."""
    times = []
    for _ in range(n_rounds + 1):
        pair = []
        for call in (plain, other):
            start = time.perf_counter()
            call()
            pair.append(time.perf_counter() - start)
        times.append(pair)
    times = np.array(times[1:])
    low, high = np.quantile(times[:, 1] / times[:, 0], [0.25, 0.75])
    return *np.median(times, axis=0), (high - low) / 2


def report(name, plain, other, n_rounds):
    one, two, spread = compare(plain, other, n_rounds)
    print(f"{name:52}{one:9.4f} s{two:9.4f} s{two / one:8.3f} ±{spread:.3f}", flush=True)


class NoTask:
    """What a package without callbacks would have in place of `FitTask`."""

    def __init__(self, *args):
        pass

    def begin(self, n_iter, max_iter):
        return max_iter

    def end(self, n_iter, is_over, learned):
        return False

    def close(self, learned):
        pass


def measure_callbacks():
    problem = make_dense(569, 30)
    neuron = SigmoidNeuronClassifier(max_iter=1000)
    with_callbacks = sk_neuron._classifier.FitTask

    def fit(task):
        sk_neuron._classifier.FitTask = task
        neuron.fit(problem.X, problem.target[:, 0])

    report(
        "callbacks, none set, 569 x 30, 1000 steps",
        lambda: fit(NoTask),
        lambda: fit(with_callbacks),
        300,
    )
    sk_neuron._classifier.FitTask = with_callbacks


def measure_progress_bar():
    problem = make_dense(20_000, 50)
    plain = SigmoidNeuronClassifier(max_iter=10_000)
    barred = SigmoidNeuronClassifier(max_iter=10_000).set_callbacks(ProgressBar())

    def fit_with_bar():
        with contextlib.redirect_stdout(io.StringIO()):
            barred.fit(problem.X, problem.target[:, 0])

    name = "a progress bar, 20,000 x 50, 10,000 steps"
    report(name, lambda: plain.fit(problem.X, problem.target[:, 0]), fit_with_bar, 7)


def fit_memory_map(folder):
    """Fit a memory map in little memory; the process ends if it asks for more."""
    d = 64
    shape = MAP_SIZE // 8 // d, d
    path = Path(folder, "X.dat")
    X = np.memmap(path, np.float64, "w+", shape=shape)
    rng = np.random.default_rng(0)
    block = rng.standard_normal((2**16, d))
    for start in range(0, len(X), len(block)):
        X[start : start + len(block)] = block[: len(X) - start] + rng.standard_normal()
    X.flush()
    del X
    X = np.memmap(path, np.float64, "r", shape=shape)
    y = X[:, 0] > X[:, 1]
    resource.setrlimit(resource.RLIMIT_DATA, (ROOM, ROOM))
    neuron = SigmoidNeuronClassifier(max_iter=3).fit(X, y)
    status = Path("/proc/self/status").read_text()
    peak = {
        line.split(":")[0]: int(line.split()[1]) / 2**20
        for line in status.splitlines()
        if line.startswith(("RssAnon", "RssFile"))
    }
    print(
        f"memory map of {X.nbytes / 2**30:.1f} GiB: {neuron.n_iter_} steps with at most "
        f"{ROOM / 2**30:.2f} GiB of memory of its own, of which "
        f"{peak['RssAnon']:.2f} GiB in use; {peak['RssFile']:.2f} GiB of the file in memory"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit-memory-map", metavar="FOLDER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fit_memory_map:
        fit_memory_map(arguments.fit_memory_map)
        return
    print(f"{'':52}{'without':>11}{'with':>11}{'ratio':>8}")
    measure_callbacks()
    if ProgressBar is not type(None):
        measure_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--fit-memory-map", folder]
        subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "2"})


if __name__ == "__main__":
    main()
