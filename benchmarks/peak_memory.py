"""Print the peak memory of a fit beyond X, as a share of X, in a process of its own.

python -P benchmarks/peak_memory.py ROWS DTYPE CLASSES
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


def measure(n_rows, dtype, n_classes):
    rng = np.random.default_rng(0)
    X = np.empty((n_rows, 50), dtype)
    for rows in np.array_split(X, 1000):
        rows[:] = rng.standard_normal(rows.shape)
    y = rng.integers(0, n_classes, n_rows)
    SigmoidNeuronClassifier(max_iter=2).fit(X[:5000], y[:5000])  # what loads late
    before = read_peak()
    SigmoidNeuronClassifier(max_iter=20).fit(X, y)
    return (read_peak() - before) / X.nbytes


if __name__ == "__main__":
    print(measure(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
