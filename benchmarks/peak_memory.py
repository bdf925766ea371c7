"""Print the bytes of the peak memory of a fit beyond X, in a process of its own.

python benchmarks/peak_memory.py ROWS FEATURES DTYPE CLASSES STEPS
"""

import re
import sys
from pathlib import Path

import numpy as np

from sk_neuron import SigmoidNeuronClassifier


def read_peak():
    """Return the peak in bytes; unlike that of getrusage it starts with the process."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def measure(n_rows, n_features, dtype, n_classes, n_steps):
    rng = np.random.default_rng(0)
    X = np.empty((n_rows, n_features), dtype)
    for rows in np.array_split(X, 1000):
        rows[:] = rng.standard_normal(rows.shape)
    y = rng.integers(0, n_classes, n_rows)
    SigmoidNeuronClassifier(max_iter=2).fit(X[:100], y[:100] % 3)  # what loads late
    before = read_peak()
    SigmoidNeuronClassifier(max_iter=n_steps).fit(X, y)
    return read_peak() - before


if __name__ == "__main__":
    n_rows, n_features, dtype, n_classes, n_steps = sys.argv[1:]
    print(measure(int(n_rows), int(n_features), dtype, int(n_classes), int(n_steps)))
