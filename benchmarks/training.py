"""What it costs to have callbacks, and to train on a memory map.

    python benchmarks/training.py         # what docs/speed.md shows
    python benchmarks/training.py --run   # measure it anew: some minutes, 4 GiB of disk

Fits with and without are timed in turns, by the seconds of the processor on one core, which
other work on the machine disturbs least. The ratio is that of the medians, and its spread
half the distance between the quartiles of the ratios of neighbours.
"""

import argparse
import contextlib
import csv
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pages
from problems import make_dense
from report import read
from speed_page import print_table, show_seconds
from threadpoolctl import threadpool_limits

import sk_neuron._classifier
from sk_neuron import SigmoidNeuronClassifier
from sk_neuron._compat import ProgressBar

RESULTS = Path(__file__).parent / "results" / "training.csv"
COLUMNS = ["what", "X", "without (s)", "with (s)", "ratio", "spread"]
COLUMNS += ["map (GiB)", "allowed (GiB)", "in use (GiB)"]
# Of the memory map, in bytes, and of what its fit may have beside it.
MAP_SIZE = 4 * 2**30
ROOM = 2**30


def compare(plain, other, n_rounds):
    """Return the median times of two calls in turns, and the spread of their ratio."""
    times = []
    for _ in range(n_rounds + 1):
        pair = []
        for call in (plain, other):
            start = time.process_time()
            call()
            pair.append(time.process_time() - start)
        times.append(pair)
    times = np.array(times[1:])
    low, high = np.quantile(times[:, 1] / times[:, 0], [0.25, 0.75])
    return *np.median(times, axis=0), (high - low) / 2


def time_pair(what, X, plain, other, n_rounds):
    """Return the row of two calls."""
    one, two, spread = compare(plain, other, n_rounds)
    return {
        "what": what,
        "X": X,
        "without (s)": f"{one:.6g}",
        "with (s)": f"{two:.6g}",
        "ratio": f"{two / one:.4f}",
        "spread": f"{spread:.4f}",
    }


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

    row = time_pair(
        "callbacks, but none set",
        "569 x 30, 1000 steps",
        lambda: fit(NoTask),
        lambda: fit(with_callbacks),
        300,
    )
    sk_neuron._classifier.FitTask = with_callbacks
    return row


def measure_progress_bar():
    problem = make_dense(20_000, 50)
    plain = SigmoidNeuronClassifier(max_iter=2000)
    barred = SigmoidNeuronClassifier(max_iter=2000).set_callbacks(ProgressBar())

    def fit_with_bar():
        with contextlib.redirect_stdout(io.StringIO()):
            barred.fit(problem.X, problem.target[:, 0])

    return time_pair(
        "a progress bar",
        "20,000 x 50, 2000 steps",
        lambda: plain.fit(problem.X, problem.target[:, 0]),
        fit_with_bar,
        41,
    )


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
    SigmoidNeuronClassifier(max_iter=3).fit(X, y)
    status = Path("/proc/self/status").read_text()
    (in_use,) = (line for line in status.splitlines() if line.startswith("RssAnon"))
    print(int(in_use.split()[1]) * 2**10)


def measure_memory_map():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--fit-memory-map", folder]
        env = os.environ | {"OMP_NUM_THREADS": "2"}
        in_use = int(subprocess.check_output(command, env=env, text=True))
    sizes = {"map (GiB)": MAP_SIZE, "allowed (GiB)": ROOM, "in use (GiB)": in_use}
    shown = {name: f"{size / 2**30:.2f}" for name, size in sizes.items()}
    return {"what": "a memory map", "X": "3 steps"} | shown


def run(path):
    """Measure, and write a row for each."""
    facts = {"date": date.today().isoformat(), "cores": os.cpu_count()}
    facts |= {name: version(name) for name in ("scikit-learn", "sk-neuron")}
    measures = [measure_callbacks, measure_memory_map]
    if ProgressBar is not type(None):
        measures.insert(1, measure_progress_bar)
    with path.open("w", newline="") as file, threadpool_limits(1):
        table = csv.DictWriter(file, [*COLUMNS, *facts], lineterminator="\n")
        table.writeheader()
        for measure in measures:
            table.writerow(measure() | facts)
            file.flush()


def print_costs(rows):
    """Print a table of the pairs, and what a memory map took."""
    lines = [
        [
            row["what"],
            row["X"],
            show_seconds(float(row["without (s)"])),
            show_seconds(float(row["with (s)"])),
            f"{float(row['ratio']):.2f} ± {float(row['spread']):.2f}",
        ]
        for row in rows
        if row["ratio"]
    ]
    print_table(["", "X", "without", "with", "ratio"], lines)
    (row,) = (row for row in rows if row["map (GiB)"])
    print(
        f"\nA process that may allocate {row['allowed (GiB)']} GiB was trained on a memory "
        f"map of {row['map (GiB)']} GiB, and held {row['in use (GiB)']} GiB at its end."
    )


def list_parts(rows):
    """Return what the page shows."""
    return {"costs": pages.capture(print_costs, rows)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="measure")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the CSV")
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="PAGE")
    parser.add_argument("--fit-memory-map", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.fit_memory_map:
        fit_memory_map(options.fit_memory_map)
        return
    if options.run:
        run(options.output)
    rows = read(options.output)
    print_costs(rows)
    pages.write(options.write, "training.py", list_parts(rows))


if __name__ == "__main__":
    main()
