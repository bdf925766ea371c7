"""What choosing the iteration count costs: one descent beside a grid search.

    python benchmarks/iteration_path.py            # all sizes: a quarter of an hour
    python benchmarks/iteration_path.py 569 20000  # these numbers of rows

Times a fit of 1000 steps, `SigmoidNeuronClassifierCV` and `GridSearchCV` over the same
counts and folds, the last in one process and, but for 200,000 rows, in as many as there
are cores, and checks that both have the same scores and choose the same. The best of
three interleaved runs counts, of one where a grid search takes minutes. Before that: a fit
on wide data beside the same fit on X alone, and the memory of a search. All rows go to
results/iteration_path.csv, too.
"""

import csv
import os
import platform
import resource
import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
from sk_neuron._solver import _gram

RESULTS = Path(__file__).parent / "results" / "iteration_path.csv"
STEPS = 1000
SIZES = {569: 30, 20_000: 50, 200_000: 50}
COUNTS = [10, 20, 100]
SPACINGS = {
    # that of iters="auto": the least work for a grid search
    "logarithmic": lambda n: np.unique(np.geomspace(1, STEPS, n).round().astype(int)),
    "even": lambda n: np.linspace(STEPS // n, STEPS, n).astype(int),
}


def make_data(n, d):
    """Return data with a plane to find and a tenth of the labels flipped."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    return X, (X @ rng.standard_normal(d) > 0) ^ (rng.random(n) < 0.1)


def seconds(estimator, X, y):
    start = perf_counter()
    estimator.fit(X, y)
    return perf_counter() - start


def compare(n, d, spacing, n_counts, repeats):
    """Return a row of the table: the best time of each contender."""
    X, y = make_data(n, d)
    iters, folds = SPACINGS[spacing](n_counts), list(StratifiedKFold(5).split(X, y))
    search = SigmoidNeuronClassifierCV(iters=iters, cv=folds)
    grids = {
        f"grid search, {n_jobs} processes": GridSearchCV(
            SigmoidNeuronClassifier(),
            {"max_iter": iters},
            scoring="neg_brier_score",
            cv=folds,
            n_jobs=n_jobs,
        )
        for n_jobs in ([1, os.cpu_count()] if n < max(SIZES) else [1])
    }
    contenders = {"one fit": SigmoidNeuronClassifier(max_iter=STEPS), "CV": search} | grids
    times = [[seconds(c, X, y) for c in contenders.values()] for _ in range(repeats)]
    for grid in grids.values():
        theirs = [grid.cv_results_[f"split{k}_test_score"] for k in range(len(folds))]
        np.testing.assert_allclose(search.scores_[:, 0, 0], theirs, rtol=0, atol=1e-10)
        assert grid.best_params_["max_iter"] == search.n_iter_
        np.testing.assert_allclose(
            search.coef_, grid.best_estimator_.coef_, rtol=1e-9, atol=1e-12
        )
    one, cv, *grid = best = np.min(times, axis=0)
    return {
        "rows": n,
        "features": d,
        "spacing": spacing,
        "counts": len(iters),
        **{f"{name} (s)": f"{t:.4g}" for name, t in zip(contenders, best, strict=True)},
        "CV / one fit": f"{cv / one:.2f}",
        "faster than grid search": f"{grid[0] / cv:.1f}",
        "than the faster of both": f"{min(grid) / cv:.1f}",
    }


def compare_wide():
    """Return a row of the table: a fit that takes X Xᵀ, and the same on X."""
    X, y = make_data(200, 50_000)
    # with weight decay there is one minimum, where rounding does not add up
    neurons = [SigmoidNeuronClassifier(max_iter=STEPS, alpha=0.1) for _ in range(2)]
    times = []
    chosen = _gram.is_cheaper
    for _ in range(3):
        times.append([seconds(neurons[0], X, y)])
        _gram.is_cheaper = lambda *args: False
        times[-1].append(seconds(neurons[1], X, y))
        _gram.is_cheaper = chosen
    wide, primal = np.min(times, axis=0)
    largest = np.abs(neurons[1].coef_).max()
    difference = np.abs(neurons[0].coef_ - neurons[1].coef_).max()
    return {
        "rows": 200,
        "features": 50_000,
        "one fit (s)": f"{wide:.4g}",
        "on X alone (s)": f"{primal:.4g}",
        "faster than on X alone": f"{primal / wide:.1f}",
        "largest difference / largest weight": f"{difference / largest:.1e}",
    }


def measure_memory(n_classes):
    """Print the peak memory of a search beyond X, in arrays of (rows, columns)."""
    X, _ = make_data(200_000, 50)
    y = np.random.default_rng(1).integers(0, n_classes, len(X))
    columns = 6 * (n_classes if n_classes > 2 else 1)
    search = SigmoidNeuronClassifierCV(max_iter=20)
    search.fit(X[:5000], y[:5000])  # what loads late
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    search.fit(X, y)
    beyond = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    print(f"{beyond / (8 * len(X) * columns):.2f}")


def measure_memories():
    """Yield the rows of `measure_memory`, each from a process of its own."""
    for n_classes in (2, 10):
        command = [sys.executable, __file__, "memory", str(n_classes)]
        yield {
            "rows": 200_000,
            "features": 50,
            "classes": n_classes,
            "memory beyond X (arrays of rows x columns)": float(
                subprocess.check_output(command, text=True)
            ),
        }


def compare_sizes(sizes):
    """Yield the rows of `compare` for all counts and spacings."""
    for n in sizes:
        for n_counts in COUNTS:
            for spacing in SPACINGS:
                if n == max(SIZES) and spacing == "even":
                    continue  # half an hour of grid search
                once = n == max(SIZES) or n * n_counts > 1_000_000
                yield compare(n, SIZES[n], spacing, n_counts, 1 if once else 3)


def main(sizes):
    """Print and write all rows of the table."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # the last count is often best
    rows = []
    # memory first: a process starts at the peak of its parent
    for makers in (
        measure_memories(),
        (make() for make in [compare_wide]),
        compare_sizes(sizes),
    ):
        for row in makers:
            print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
            rows.append(row)
            write(rows)


def write(rows):
    machine = {
        "date": date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
    names = dict.fromkeys(name for row in rows for name in row)
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="") as file:
        table = csv.DictWriter(file, [*names, *machine])
        table.writeheader()
        table.writerows(row | machine for row in rows)


def processor():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        measure_memory(int(sys.argv[2]))
    else:
        main([int(n) for n in sys.argv[1:]] or SIZES)
