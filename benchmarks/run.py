"""Measure sk-neuron beside the same update rule by others, and beside other models.

    python benchmarks/run.py                       # all suites, less than ten minutes
    python benchmarks/run.py --only article step   # these
    python benchmarks/run.py --tiny                # a try-out in seconds

Contenders take turns, in an order drawn anew each round, so that what disturbs the machine
disturbs all of them. Before that each has computed what `follow_rule` does, and has tried
its settings and numbers of threads: the fastest runs. The table has the median over the
rounds, the best and the spread, the distance between the quartiles.
"""

import argparse
import csv
import platform
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib.metadata import version
from itertools import islice, repeat
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

import convergence
import numpy as np
import problems
import rivals
from rivals import CORES, OURS
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from threadpoolctl import ThreadpoolController

from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
from sk_neuron._kernels import has_kernel

HERE = Path(__file__).parent
LIBRARIES = ["numpy", "scipy", "scikit-learn", "torch", "jax", "numba", "sk-neuron"]
POOLS = ThreadpoolController()  # of the libraries imported above
COLUMNS = [
    *("suite", "problem", "rows", "features", "columns", "density", "bytes", "dtype"),
    *("contender", "setting", "threads", "measure", "median", "best", "spread", "rounds"),
]


class Plan(NamedTuple):
    """How long to measure, in seconds."""

    rounds: int
    turn: float  # about as long as a contender runs in a round, where that is enough ...
    least: int  # ... for so many steps or fits
    budget: float  # after which a contender sits out the rounds that are left
    pause: float  # before each turn, until idle threads of the one before are asleep


class Scale(NamedTuple):
    """How large the problems are, and how long the plans."""

    tiny: bool
    steps: Plan
    brief: Plan
    fits: Plan
    pairs: Plan
    settings: Plan

    def __call__(self, n):
        """Return a number of rows or steps, cut down to try things out."""
        return max(1, min(n, 400)) if self.tiny else n


WHOLE = Scale(
    tiny=False,
    steps=Plan(rounds=5, turn=0.12, least=3, budget=1.5, pause=0.05),
    brief=Plan(rounds=3, turn=0.08, least=3, budget=1.0, pause=0.05),
    fits=Plan(rounds=5, turn=0.15, least=1, budget=6.0, pause=0.05),
    pairs=Plan(rounds=9, turn=0.2, least=1, budget=np.inf, pause=0.05),
    settings=Plan(rounds=3, turn=0.03, least=1, budget=0.3, pause=0.03),
)
_BRIEF = Plan(rounds=2, turn=0.001, least=1, budget=0.1, pause=0.0)
TINY = Scale(True, *[_BRIEF] * 5)


class Way(NamedTuple):
    """A way to run a contender: `run(n)` takes n steps, or does n fits."""

    setting: str
    threads: int
    run: partial


class Times(NamedTuple):
    """The seconds of a step or a fit in each round, and the way that was the fastest."""

    way: Way
    seconds: list[float]

    def record(self):
        used = {"setting": self.way.setting, "threads": self.way.threads}
        return used | summarize(self.seconds)


def summarize(rounds):
    """Return the columns of the table that sum up what was measured in each round."""
    first, median, third = np.quantile(rounds, [0.25, 0.5, 0.75])
    return {
        "median": median,
        "best": min(rounds),
        "spread": third - first,
        "rounds": len(rounds),
    }


@contextmanager
def limit_threads(n):
    """Let BLAS, OpenMP, PyTorch and numba use n threads at most."""
    with POOLS.limit(limits=n):
        if rivals.torch:
            rivals.torch.set_num_threads(n)
        if rivals.numba:
            rivals.numba.set_num_threads(n)
        yield


def clock(way, n, pause=0.0):
    with limit_threads(way.threads):
        sleep(pause)
        start = perf_counter()
        way.run(n)
        return (perf_counter() - start) / n


def find_pace(way, plan):
    """Return the seconds of a step or fit, from about as many as take a quarter turn."""
    n = 1
    while (seconds := clock(way, n, plan.pause)) * n < plan.turn / 4:
        n *= 4
    return seconds


def race(contenders, plan):
    """Return the times of each contender: name to ways in, name to Times out."""
    entries = {}
    for name, ways in contenders.items():
        pace, best = min((find_pace(way, plan), k) for k, way in enumerate(ways))
        n = max(plan.least, round(plan.turn / pace))
        entries[name] = n, Times(ways[best], [])
    rng = np.random.default_rng(0)
    for _ in range(plan.rounds):
        for name in rng.permutation(list(entries)):
            n, (way, seconds) = entries[name]
            if n * sum(seconds) < plan.budget:
                seconds.append(clock(way, n, plan.pause))
    return {name: times for name, (_, times) in entries.items()}


def time_steps(problem, contenders, plan, n_checked=3):
    """Yield the seconds of a step of each contender, and those of one reading of X."""
    expected = rivals.follow_rule(
        problem.X, problem.target, problem.start, problem.eta, n_checked
    )
    entries = {"read X once": list_readers(problem.X)}
    for name, variants in contenders.items():
        entries[name] = []
        for variant in variants:
            X, target = variant.own(problem)
            run = partial(variant.train, X, target, problem.start, problem.eta)
            with limit_threads(variant.threads):
                check(name, problem, run(n_checked), expected)
            entries[name].append(Way(variant.setting, variant.threads, run))
    for name, times in race(entries, plan).items():
        yield (
            problems.describe(problem)
            | times.record()
            | {
                "contender": name,
                "measure": "seconds per step",
            }
        )


def check(name, problem, weights, expected):
    """Raise an error unless the weights went where they should, but for rounding."""
    way = expected - problem.start
    tolerance = 5e-3 if problem.X.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(
        weights - problem.start,
        way,
        rtol=0,
        atol=tolerance * np.abs(way).max(),
        err_msg=f"{name} does not follow the rule on {problem.name}",
    )


def time_pair(problem, ways, plan, unit, ratio):
    """Yield the seconds of two contenders in turns, and their ratio round by round."""
    times = race({name: [way] for name, way in ways.items()}, plan)
    n_rounds = min(len(of_one.seconds) for of_one in times.values())
    seconds = {name: np.array(times[name].seconds[:n_rounds]) for name in ways}
    facts = problems.describe(problem) | {"threads": CORES}
    for name, values in seconds.items():
        row = facts | {"contender": name} | summarize(values)
        yield row | {"measure": f"seconds per {unit}"}
    first, second = seconds
    row = facts | {"contender": first} | summarize(seconds[first] / seconds[second])
    yield row | {"measure": ratio}


def list_readers(X):
    """Return ways to read X once; what they compute of it only has to be cheap."""
    arrays = problems.list_arrays(X)
    raw = [array.reshape(-1).view(np.uint8) for array in arrays]
    parts = [part for array in raw for part in np.array_split(array, CORES)]

    def read_together(n):
        with ThreadPoolExecutor(CORES) as pool:
            for _ in range(n):
                list(pool.map(np.max, parts))

    def read_alone(n):
        for _ in range(n):
            for array in raw:
                array.max()

    def read_torch(n):
        for _ in range(n):
            for array in tensors:
                array.amax()

    ways = [Way("NumPy", 1, read_alone), Way("NumPy", CORES, read_together)]
    if rivals.torch:
        tensors = [rivals.torch.from_numpy(array) for array in arrays]
        ways.append(Way("PyTorch", CORES, read_torch))
    return ways


def fit(estimator, X, y, n):
    for _ in range(n):
        estimator.fit(X, y)


def time_fits(contenders, problem, plan):
    """Yield the seconds of a fit of each contender: name to ways."""
    for name, times in race(contenders, plan).items():
        yield (
            problems.describe(problem)
            | times.record()
            | {
                "contender": name,
                "measure": "seconds per fit",
            }
        )


def fit_ours(problem, **params):
    """Return the one way to run a fit of ours on a problem."""
    params = {"fit_intercept": False} | params
    neuron = SigmoidNeuronClassifier(**params)
    return [Way("", CORES, partial(fit, neuron, problem.X, problem.target[:, 0]))]


def run_article(scale):
    """Time the article's whole job, and a step of it: its rows, start and seed."""
    problem, n_steps = problems.make_article(), scale(10_000)

    def train_article(n):
        target = problem.target.astype(float)
        for _ in range(n):
            rivals.train_article(problem.X, target, problem.start, problem.eta, n_steps)

    job = problem._replace(name=f"{problem.name}, {n_steps:,} steps")
    params = {"learning_rate": 1.0, "init": "uniform", "random_state": 15}
    neuron = fit_ours(problem, max_iter=n_steps, **params)
    contenders = {OURS: neuron, "article's NumPy loop": [Way("", 1, train_article)]}
    yield from time_fits(contenders, job, scale.fits)
    yield from time_steps(problem, rivals.list_dense(), scale.steps, n_checked=100)


def run_step(scale):
    """Time a step on dense data, from what a cache holds to what none holds."""
    for n, d, dtype in [
        (569, 30, "float64"),
        (20_000, 50, "float64"),
        (1_000_000, 8, "float64"),
        (1_000_000, 50, "float64"),
        (1_000_000, 50, "float32"),
    ]:
        problem = problems.make_dense(scale(n), d, dtype)
        yield from time_steps(problem, rivals.list_dense(), scale.steps)


def run_sparse(scale):
    """Time a step on CSR."""
    problem = problems.make_sparse(scale(20_000), scale(50_000), 50)
    yield from time_steps(problem, rivals.list_sparse(), scale.steps)


def run_columns(scale):
    """Time a step of several sigmoid neurons at once."""
    contenders = {OURS: rivals.list_ours()[OURS]}
    problem = problems.make_dense(scale(1_000_000), 50, n_columns=10)
    for n_columns in [1, 2, 3, 6, 10]:
        yield from time_steps(problems.take(problem, n_columns), contenders, scale.steps)


def run_layer(scale, n_columns=10):
    """Time a step of a softmax layer beside one of as many sigmoid neurons, in turns."""
    for n in (20_000, 1_000_000):
        neurons = problems.make_dense(scale(n), 50, n_columns=n_columns)
        layer, ways = problems.make_layer(neurons), {}
        for name, problem, follow in (
            (OURS, layer, rivals.follow_softmax_rule),
            (f"{n_columns} sigmoid neurons", neurons, rivals.follow_rule),
        ):
            begun, _ = rivals.own_ours(problem)
            given = problem.target, problem.start, problem.eta
            run = partial(rivals.train_ours, begun, *given)
            check(name, problem, run(3), follow(problem.X, *given, 3))
            ways[name] = Way("", CORES, run)
        ratio = "a step of the layer as a multiple of one of the neurons"
        yield from time_pair(layer, ways, scale.pairs, "step", ratio)


def list_two_and_ten(scale):
    """Return problems of two and of ten classes on 20,000 rows."""
    neurons = problems.make_dense(scale(20_000), 50, n_columns=10)
    two = problems.make_dense(scale(20_000), 50)
    return two._replace(name=f"{two.name}, 2 classes"), problems.make_layer(neurons)


def run_scores(scale):
    """Time a search that scores every count beside the same descent without scores."""
    n_steps = scale(100)
    for problem in list_two_and_ten(scale):
        searches = {
            OURS: SigmoidNeuronClassifierCV(max_iter=n_steps, cv=5),
            # a scorer that computes nothing, called once for each fold
            "without scores": SigmoidNeuronClassifierCV(
                max_iter=n_steps, iters=[n_steps], cv=5, scoring=lambda *_: 0.0
            ),
        }
        searches[OURS].iters = np.arange(1, n_steps + 1)
        y = problem.target[:, 0]
        ways = {
            name: Way("", CORES, partial(fit, search, problem.X, y))
            for name, search in searches.items()
        }
        problem = problem._replace(name=f"{problem.name}, {n_steps} counts")
        ratio = "a search as a multiple of the same descent without scores"
        yield from time_pair(problem, ways, scale.pairs, "fit", ratio)


def run_stopping(scale):
    """Time a fit that is judged by a tenth of the rows beside as many steps on all rows."""
    n_steps = scale(300)
    for problem in list_two_and_ten(scale):
        judged = {"early_stopping": True, "n_iter_no_change": n_steps, "random_state": 0}
        ways = {
            name: fit_ours(problem, max_iter=n_steps, fit_intercept=True, **params)[0]
            for name, params in {OURS: judged, "on all rows": {}}.items()
        }
        problem = problem._replace(name=f"{problem.name}, {n_steps} steps")
        ratio = "with early stopping as a multiple of the same steps without"
        yield from time_pair(problem, ways, scale.pairs, "fit", ratio)


def run_scaling(scale):
    """Time a step of ours against one dimension at a time."""
    ours = rivals.list_ours()[OURS]
    wide = problems.make_dense(scale(100_000), 50, n_columns=32)
    series = {
        "rows": (problems.make_dense(scale(10**k), 50) for k in (3, 4, 5, 6)),
        "features": (
            problems.make_dense(scale(20_000), scale(d))
            for d in (2, 4, 8, 16, 32, 64, 125, 250, 500, 1000, 2000)
        ),
        "columns": (problems.take(wide, n_columns) for n_columns in (1, 2, 4, 8, 16, 32)),
        "density": (
            problems.make_sparse(scale(20_000), 10_000, k) for k in (1, 10, 100, 1000)
        ),
        "threads": repeat(problems.make_dense(scale(1_000_000), 50), CORES),
    }
    for axis, several in series.items():
        for count, problem in enumerate(several, 1):
            threads = count if axis == "threads" else CORES
            contenders = {OURS: [ours[0]._replace(threads=threads)]}
            for row in time_steps(problem, contenders, scale.brief):
                suffix = f", {threads} threads" if axis == "threads" else ""
                yield row | {"problem": f"{axis}: {row['problem']}{suffix}"}


def run_search(scale):
    """Time a search, that is 5 folds and a fit on all rows, beside one fit."""
    n_steps = 100
    for n in (20_000, 1_000_000):
        problem = problems.make_dense(scale(n), 50)
        X, y = problem.X, problem.target[:, 0]
        search = SigmoidNeuronClassifierCV(max_iter=scale(n_steps), cv=5)
        contenders = {
            OURS: fit_ours(problem, max_iter=scale(n_steps), fit_intercept=True),
            f"{OURS}, search": [Way("", CORES, partial(fit, search, X, y))],
        }
        problem = problem._replace(name=f"{problem.name}, {scale(n_steps)} steps")
        yield from time_fits(contenders, problem, scale.fits)
    counts = np.unique(np.geomspace(1, 300, 20).round().astype(int))
    for data in ("breast cancer", "digits")[: 1 if scale.tiny else 2]:
        ours = SigmoidNeuronClassifierCV(iters=counts)
        yield from compare_searches(data, f"{data}, up to 20 counts", ours, scale)
    noises = [0, 0.1, 0.2, 0.3, 0.4, {0: 0.2}, {0: 0.4}, {1: 0.2}, {1: 0.4}]
    ours = SigmoidNeuronClassifierCV(
        iters=np.arange(1, scale(n_steps) + 1), label_noises=noises
    )
    for data in ("logistic", "flipped"):
        name = f"{data}, {scale(n_steps)} counts, {len(noises)} label noises"
        yield from compare_searches(data, name, ours, scale)


def compare_searches(data, name, ours, scale):
    """Yield the seconds of a search of ours and of the usual one, and where they got."""
    X, X_test, y, y_test = problems.make_train_and_test(data, scale(20_000))
    given = {"scoring": "neg_brier_score", "cv": list(StratifiedKFold(5).split(X, y))}
    ours.set_params(**given)
    logistic = LogisticRegressionCV(
        Cs=10, max_iter=1000, l1_ratios=(0,), use_legacy_attributes=False, **given
    )
    in_processes = clone(logistic).set_params(n_jobs=CORES)
    searches = {f"{OURS}, search": ours, "LogisticRegressionCV, 10 C": logistic}
    contenders = {
        name: [Way("", n, partial(fit, search, X, y)) for n in sorted({1, CORES})]
        for name, search in searches.items()
    }
    contenders["LogisticRegressionCV, 10 C"].append(
        Way(f"n_jobs={CORES}", 1, partial(fit, in_processes, X, y))
    )
    problem = problems.wrap(name, X, y)
    yield from time_fits(contenders, problem, scale.fits)
    for name, search in searches.items():
        row = problems.describe(problem) | {"contender": name, "threads": CORES}
        brier = -get_scorer("neg_brier_score")(search, X_test, y_test)
        yield row | single("Brier score on held-out rows", brier)


def run_convergence(scale):
    """Compare the training loss after adaptive steps with that after constant ones."""
    for name, X, y in convergence.list_problems(scale):
        facts = problems.describe(problems.wrap(name, X, y)) | {"threads": CORES}
        last, safe_rate = [], convergence.find_safe_rate(X, len(np.unique(y)))
        for contender, learning_rate, counts in (
            (OURS, "auto", (10, 30, 100, 300)),
            ("constant step", safe_rate, (30, 300, 3000)),
        ):
            counts = [scale(n) for n in counts]
            neuron = SigmoidNeuronClassifier(
                max_iter=counts[-1] + 1, learning_rate=learning_rate
            )
            # a step that raised the loss is not where a fit would end
            losses = np.minimum.accumulate(neuron.fit(X, y).loss_curve_)
            for n in counts:
                row = facts | {"contender": f"{contender}, {n} steps"}
                yield row | single("Brier score on the training rows", losses[n])
            last.append(losses[counts[-1]])
        share = last[0] / last[1]
        kind = "loss as a share of that of the most constant steps"
        yield facts | {"contender": OURS} | single(kind, share)


def take_first_steps(kernel, state, n_steps, most=200):
    """Take steps, but none that a fit of more than `most` steps would take."""
    for _ in range(n_steps // most):
        kernel.run(state, most)
    kernel.run(state, n_steps % most)


def run_adaptive(scale):
    """Time adaptive steps beside constant ones of the same kernel, in turns."""
    for n, d, n_nonzeros in [
        (569, 30, 0),
        (20_000, 50, 0),
        (1_000_000, 50, 0),
        (20_000, 50_000, 50),
    ]:
        if n_nonzeros:
            problem = problems.make_sparse(scale(n), scale(d), n_nonzeros)
        else:
            problem = problems.make_dense(scale(n), d)
        ways = {}
        for name, rate in {OURS: "auto", "constant step": problem.eta}.items():
            kernel = rivals.make_own_kernel(problem, rate)
            state, _ = kernel.start(problem.start.T, np.zeros(problem.start.shape[1]))
            ways[name] = Way("", CORES, partial(take_first_steps, kernel, state))
        ratio = "an adaptive step as a multiple of a constant one"
        yield from time_pair(problem, ways, scale.pairs, "step", ratio)


def run_overhead(scale):
    """Time what a fit takes beside its steps, and the automatic step size alone."""
    for n, d in [(4, 3), (569, 30), (200, 100), (20_000, 50), (1_000_000, 50)]:
        problem = problems.make_dense(scale(n), d)
        if n == 4:  # the article's, as made-up labels might all be the same
            problem = problems.make_article()
        given = f"{OURS}, 1 step of a given size"
        contenders = {
            given: fit_ours(problem, max_iter=1, learning_rate=problem.eta),
            OURS: fit_ours(problem, max_iter=1),
            f"{OURS}, 100 steps": fit_ours(problem, max_iter=100),
        }
        rows = list(time_fits(contenders, problem, scale.fits))
        yield from rows
        one, auto, hundred = (row["median"] for row in rows)
        yield rows[1] | single(
            "automatic size as a share of 100 steps", (auto - one) / hundred
        )


def run_memory(scale):
    """Measure the peak memory of a fit beyond X."""
    if not Path("/proc/self/status").exists():
        print("skipped: memory (no /proc/self/status)")
        return
    n = 20_000 if scale.tiny else 1_000_000
    for dtype in ["float64", "float32"][: 1 if scale.tiny else 2]:
        for n_classes in (2, 10):
            row, peak = measure_peak(n, 50, dtype, n_classes, 20)
            yield row | single("memory beyond X as a share of X", peak / row["bytes"])
    n, n_classes = 20_000, 50 if scale.tiny else 1000
    row, peak = measure_peak(n, 100, "float64", n_classes, 1)
    measure = "memory of a step beyond X in arrays of rows x classes"
    yield row | single(measure, peak / (8 * n * n_classes))


def measure_peak(n, d, dtype, n_classes, n_steps):
    """Return the facts of a problem, and the peak memory of a fit beyond X in bytes."""
    script = [sys.executable, str(HERE / "peak_memory.py")]
    command = [*script, *map(str, (n, d, dtype, n_classes, n_steps))]
    row = {
        "problem": f"{n:,} x {d}, {n_classes} classes",
        "rows": n,
        "features": d,
        "columns": n_classes if n_classes > 2 else 1,
        "density": 1.0,
        "bytes": n * d * np.dtype(dtype).itemsize,
        "dtype": dtype,
        "contender": OURS,
        "threads": CORES,
    }
    return row, int(subprocess.check_output(command, text=True))


def single(measure, value):
    """Return the columns of what was not timed in rounds of its own."""
    return {"measure": measure, "median": value, "best": value, "spread": 0, "rounds": 1}


def list_models(scale):
    """Yield names and estimators: all settings tried to reach a score."""
    for n in (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300):
        yield OURS, SigmoidNeuronClassifier(max_iter=scale(n))
    for C in (1e-3, 1e-2, 0.1, 1.0, 10.0):
        for solver, n in (("lbfgs", 10), ("lbfgs", 1000), ("newton-cholesky", 100)):
            yield "LogisticRegression", LogisticRegression(C=C, solver=solver, max_iter=n)
    for loss in ("log_loss", "modified_huber"):
        for alpha in (1e-4, 1e-3, 1e-2, 0.1):
            for n in (5, 50):
                sgd = SGDClassifier(loss=loss, alpha=alpha, max_iter=n, random_state=0)
                yield f"SGDClassifier {loss}", sgd
    for params in (
        {"max_iter": 10 if scale.tiny else 200, "solver": "lbfgs"},
        {"max_iter": 3, "learning_rate_init": 0.01},
        {"max_iter": scale(20), "learning_rate_init": 0.01, "batch_size": 400},
        {"max_iter": scale(20), "learning_rate_init": 0.1, "batch_size": 400},
    ):
        yield "MLPClassifier", MLPClassifier((), random_state=0, **params)


def run_quality(scale):
    """Time the cheapest fit of each model that reaches a Brier score on held-out rows.

    Of the real data, whose labels are taken to be right, half of the rows are held out.
    "logistic" draws its labels from a logistic model, which is what LogisticRegression
    assumes; of "flipped" a tenth of the training labels are wrong and no others, which is
    what the Brier score is good at. All scores are means over ten splits, or over three
    draws of made-up data, which has rows enough; the seconds are of a fit on the first. The
    scores to reach are 5 % above the best that any setting of ours, and any of
    LogisticRegression, got there. Where no setting of a model gets so far, its seconds are
    empty.
    """
    n_rows = scale(100_000)
    n_splits = {"breast cancer": 10, "digits": 10, "logistic": 3, "flipped": 3}
    for data in n_splits:
        X, _, y, _ = problems.make_train_and_test(data, n_rows)
        facts = problems.describe(problems.wrap(data, X, y))
        models, contenders = {}, {}
        for name, model in islice(list_models(scale), 0, None, 3 if scale.tiny else 1):
            key = f"{name}|{show(model)}"
            counts = {CORES} if name == OURS else {1} if scale.tiny else {1, CORES}
            models[key], run = model, partial(fit, model, X, y)
            contenders[key] = [Way(show(model), n, run) for n in sorted(counts)]
        times = race(contenders, scale.settings)
        briers = score(models, data, n_rows, 2 if scale.tiny else n_splits[data])
        results = {}
        for key in models:
            results.setdefault(key.partition("|")[0], []).append((briers[key], times[key]))
        for goal in (OURS, "LogisticRegression"):
            limit = 1.05 * min(brier for brier, _ in results[goal])
            facts["problem"] = f"{data}: Brier score of {goal}, + 5 %"
            for name, tried in results.items():
                row = facts | {"contender": name}
                reached = [one for one in tried if one[0] <= limit]
                if reached:
                    brier, taken = min(reached, key=lambda one: np.median(one[1].seconds))
                    row |= taken.record()
                    yield row | {"measure": "seconds to reach it"}
                else:
                    brier, taken = min(tried, key=lambda one: one[0])
                    row |= taken.record()
                    yield row | single("seconds to reach it", "") | {"best": ""}
                yield row | single(f"Brier score ({limit:.4f} to reach)", brier)


def score(models, data, n_rows, n_splits):
    """Return the Brier score of each model on held-out rows, the mean over splits."""
    briers = {key: [] for key in models}
    for seed in range(n_splits):
        X, X_test, y, y_test = problems.make_train_and_test(data, n_rows, seed)
        for key, model in models.items():
            with limit_threads(1):  # most of the data is small
                model.fit(X, y)
            briers[key].append(-get_scorer("neg_brier_score")(model, X_test, y_test))
    return {key: np.mean(found) for key, found in briers.items()}


def show(model):
    """Return the parameters of a model that are not the default."""
    shown = {
        k: v for k, v in model.get_params().items() if v != type(model)().get_params()[k]
    }
    skipped = ("random_state", "hidden_layer_sizes", "loss")
    return ", ".join(f"{k}={v}" for k, v in shown.items() if k not in skipped)


SUITES = {
    "article": run_article,
    "step": run_step,
    "sparse": run_sparse,
    "columns": run_columns,
    "layer": run_layer,
    "search": run_search,
    "scores": run_scores,
    "stopping": run_stopping,
    "convergence": run_convergence,
    "adaptive": run_adaptive,
    "quality": run_quality,
    "scaling": run_scaling,
    "memory": run_memory,
    "overhead": run_overhead,
}


def list_facts():
    """Return the columns of the table that say what it was measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    installed = [name for name in LIBRARIES if name not in rivals.MISSING]
    return {
        "date": date.today().isoformat(),
        "processor": names[0] if names else platform.processor(),
        "cores": CORES,
        "python": platform.python_version(),
        **dict.fromkeys(LIBRARIES, ""),
        **{name: version(name) for name in installed},
        "kernel": "compiled" if has_kernel(np.ones((1, 1))) else "numpy",
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", choices=SUITES, default=SUITES, metavar="SUITE"
    )
    parser.add_argument("--tiny", action="store_true", help="small sizes, to try it out")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "benchmarks.csv")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)  # short fits are what is measured
    warnings.filterwarnings("ignore", "Got `batch_size`")  # of more rows than there are
    for name in rivals.MISSING:
        print(f"skipped: {name} (not installed)")
    facts = list_facts()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", newline="") as file:
        table = csv.DictWriter(file, [*COLUMNS, *facts])
        table.writeheader()
        for suite in options.only:
            for row in SUITES[suite](TINY if options.tiny else WHOLE):
                table.writerow({"suite": suite} | row | facts)
                file.flush()
                keys = ("problem", "contender", "setting", "threads", "measure", "median")
                print(suite, *(row.get(key, "") for key in keys), sep=" | ", flush=True)


if __name__ == "__main__":
    main()
