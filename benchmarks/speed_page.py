"""The tables, sentences and pictures of docs/speed.md, from the results of run.py.

python benchmarks/report.py RESULTS.csv --page                  # what the page shows
python benchmarks/report.py RESULTS.csv --write docs/speed.md   # written into the page
python benchmarks/report.py RESULTS.csv --figure docs           # its pictures
"""

import pages

OURS, READ = "sk-neuron", "read X once"
STEPS = {
    READ: "reading X",
    OURS: "ours",
    "article's NumPy loop": "article's loop",
    "NumPy, buffers reused": "NumPy, buffers",
    "PyTorch loop": "PyTorch",
    "JAX jit": "JAX",
    "numba": "numba",
}
SPARSE = {
    READ: "reading X",
    OURS: "ours",
    "SciPy, two products": "SciPy's products",
    "numba": "numba",
}
SEARCHES = {f"{OURS}, search": OURS, "LogisticRegressionCV, 10 C": "LogisticRegressionCV"}
MODELS = {
    OURS: OURS,
    "LogisticRegression": "LogisticRegression",
    "SGDClassifier log_loss": "SGD log_loss",
    "SGDClassifier modified_huber": "SGD modified_huber",
    "MLPClassifier": "MLP, no hidden layer",
}
COUNTS = [f"{OURS}, {n} steps" for n in (10, 30, 100, 300)]
COUNTS += [f"constant step, {n} steps" for n in (30, 300, 3000)]
MARKERS = "oDsv^<>Xp"


def show_seconds(seconds):
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def pick(rows, suites, measure):
    """Return {problem: {contender: median}} of a measure; None where there is none."""
    found = {}
    for row in rows:
        if row["suite"] in suites and row["measure"].startswith(measure):
            problem = row["problem"]
            problem += ", float32" if row["dtype"] == "float32" else ""
            median = float(row["median"]) if row["median"] else None
            found.setdefault(problem, {})[row["contender"]] = median
    return found


def print_table(head, lines):
    """Print a table in Markdown."""
    print("\n|", " | ".join(head), "|")
    print("|---|" + "---:|" * (len(head) - 1))
    for line in lines:
        print("|", " | ".join(line), "|")


def print_machine(rows):
    """Print what it was measured on."""
    shown = rows[0]
    libraries = ("numpy", "scipy", "scikit-learn", "torch", "jax", "numba")
    versions = (f"{name} {shown[name]}" for name in libraries if shown[name])
    print(f"Measured on {shown['date']}, {shown['cores']} cores ({shown['processor']}),")
    print(f"Python {shown['python']}, {', '.join(versions)}.")


def print_reach(rows):
    """Print how long each model takes to a Brier score, and where ours is the first."""
    seconds = pick(rows, ["quality"], "seconds to reach it")
    scores = pick(rows, ["quality"], "Brier score")
    targets = {
        row["problem"]: row["measure"].partition("(")[2].split()[0]
        for row in rows
        if row["suite"] == "quality" and "to reach)" in row["measure"]
    }

    def reach(problem, model):
        time = seconds[problem].get(model)
        if time is not None:
            return show_seconds(time)
        return f"no: {scores[problem][model]:.4f}" if model in scores[problem] else ""

    print_table(
        ["to reach", *MODELS.values()],
        [
            [f"{name} ({targets[name]})", *(reach(name, model) for model in MODELS)]
            for name in seconds
        ],
    )
    ours = [of[OURS] for of in seconds.values()]
    best = [min(time for time in of.values() if time) for of in seconds.values()]
    first = sum(one == other for one, other in zip(ours, best, strict=True))
    print(f"\nThe neuron is the first in {first} of {len(ours)} rows. ", end="")
    print(f"In {ours.count(None)} of {len(ours)} it never reaches the score.")


def print_steps(rows):
    """Print the seconds of a step on dense data, and where ours is not the fastest."""
    steps = pick(rows, ["article", "step"], "seconds per step")
    print_beside_ours(steps, STEPS)
    faster = [
        f"{name} on {problem}"
        for problem, times in steps.items()
        for key, name in STEPS.items()
        if key not in (OURS, READ) and times.get(key, times[OURS]) < times[OURS]
    ]
    print(f"\nFaster than ours: {', '.join(faster) or 'none'}.")


def print_sparse(rows):
    print_beside_ours(pick(rows, ["sparse"], "seconds per step"), SPARSE)


def print_beside_ours(steps, names):
    """Print the times of contenders, and how many times ours they are."""

    def compare(times, name):
        if name not in times:
            return ""
        ratio = times[name] / times[OURS]
        text = show_seconds(times[name])
        return text if name in (OURS, READ) else f"{text} ({ratio:.2g}×)"

    lines = [[X, *(compare(times, name) for name in names)] for X, times in steps.items()]
    print_table(["X", *names.values()], lines)


def print_columns(rows):
    """Print the seconds of a step of so many columns, and how many times one that is."""
    steps = pick(rows, ["columns"], "seconds per step")
    times = {name.rpartition(", ")[2].split()[0]: of[OURS] for name, of in steps.items()}
    cells = [f"{show_seconds(t)} ({t / times['1']:.2f}×)" for t in times.values()]
    print_table(["columns", *times], [["a step", *cells]])


def print_ratios(rows):
    """Print what was measured in pairs: one as a multiple of the other."""
    lines = [
        [row["measure"], row["problem"], f"{float(row['median']):.2f}"]
        for row in rows
        if " as a multiple of " in row["measure"]
    ]
    print_table(["measure", "X", "ratio"], lines)


def print_memory(rows):
    """Print the peak memory of fits beyond X."""
    lines = [
        [row["measure"], f"{row['problem']}, {row['dtype']}", f"{float(row['median']):.2f}"]
        for row in rows
        if row["suite"] == "memory"
    ]
    print_table(["measure", "X", "ratio"], lines)


def print_fits(rows):
    """Print a fit beside a search, and the article's experiment."""
    fits = pick(rows, ["search"], "seconds per fit")
    search = f"{OURS}, search"
    lines = [
        [
            X,
            show_seconds(of[OURS]),
            f"{show_seconds(of[search])} ({of[search] / of[OURS]:.1f}×)",
        ]
        for X, of in fits.items()
        if OURS in of
    ]
    print_table(["X", "a fit", "a search over all counts"], lines)


def print_article(rows):
    (of,) = pick(rows, ["article"], "seconds per fit").values()
    ours, theirs = of[OURS], of["article's NumPy loop"]
    print("The article's experiment, 10,000 steps on its four rows, took", end=" ")
    print(
        f"{show_seconds(ours)} with all checks\nof the input. The article's loop took",
        end=" ",
    )
    print(f"{show_seconds(theirs)}, {theirs / ours:.0f} times as long.")


def print_searches(rows):
    """Print searches of ours and of logistic regression: seconds and Brier scores."""
    seconds = pick(rows, ["search"], "seconds per fit")
    scores = pick(rows, ["search"], "Brier score")
    lines = [
        [
            problem,
            *(show_seconds(seconds[problem][key]) for key in SEARCHES),
            *(f"{found[key]:.4f}" for key in SEARCHES),
        ]
        for problem, found in scores.items()
    ]
    names = [f"{name}: {kind}" for kind in ("time", "score") for name in SEARCHES.values()]
    print_table(["data", *names], lines)


def print_convergence(rows):
    """Print the loss after so many steps that adapt, or are constant."""
    losses = pick(rows, ["convergence"], "Brier score on the training rows")
    head = ["problem", "adaptive: 10", "30", "100", "300", "constant: 30", "300", "3000"]
    print_table(
        head,
        [
            [name, *(f"{of[key]:.4g}" if key in of else "" for key in COUNTS)]
            for name, of in losses.items()
        ],
    )


# What the page needs in a table of results, and what it shows of it.
SUITES = {"article", "step", "sparse", "columns", "layer", "search", "scores", "stopping"}
SUITES |= {"convergence", "adaptive", "quality", "memory"}
PARTS = {
    "machine": print_machine,
    "reach": print_reach,
    "steps": print_steps,
    "sparse": print_sparse,
    "columns": print_columns,
    "ratios": print_ratios,
    "memory": print_memory,
    "fits": print_fits,
    "article": print_article,
    "convergence": print_convergence,
    "searches": print_searches,
}


def list_parts(rows):
    """Return what the page shows: name to text."""
    return {name: pages.capture(show, rows) for name, show in PARTS.items()}


def draw(rows, folder, results):
    """Draw the pictures whose suites are in a table of results."""
    import matplotlib as mpl

    mpl.use("agg")  # no screen is needed
    folder.mkdir(parents=True, exist_ok=True)
    measured = {
        "reach.png": (draw_reach, pick(rows, ["quality"], "seconds to reach it")),
        "steps.png": (draw_steps, pick(rows, ["article", "step"], "seconds per step")),
        "scaling.png": (draw_scaling, [row for row in rows if row["suite"] == "scaling"]),
    }
    for name, (draw_some, some) in measured.items():
        if some:
            pages.save(draw_some(some), folder / name, results)
            print(f"\n{folder / name}")


def draw_dots(ax, values, names):
    """Draw a line of dots for each problem, a marker for each contender."""
    problems = list(values)
    for k, (key, name) in enumerate(names.items()):
        places = [i for i, p in enumerate(problems) if values[p].get(key)]
        if places:
            ax.plot(
                [values[problems[i]][key] for i in places],
                places,
                MARKERS[k],
                color="black" if key == OURS else f"C{k}",
                markersize=9 if key == OURS else 7,
                alpha=0.85,
                label=name,
            )
    ax.set_yticks(range(len(problems)), problems)
    ax.set_ylim(len(problems) - 0.5, -0.5)
    ax.grid(axis="y", color="0.9")
    ax.set_axisbelow(True)
    ax.set_xscale("log")


def make_figure(n_lines):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 1.4 + 0.38 * n_lines), layout="constrained")
    return figure, figure.subplots()


def draw_reach(seconds):
    """Return how long each model takes to a Brier score; no dot if it never gets there."""
    figure, ax = make_figure(len(seconds))
    draw_dots(ax, seconds, MODELS)
    ax.set_xlabel("seconds (no dot: the model never reaches the score)")
    figure.legend(loc="outside upper center", ncols=len(MODELS), frameon=False)
    return figure


def draw_steps(times):
    """Return the time of a step of each contender, divided by ours."""
    figure, ax = make_figure(len(times))
    ratios = {
        problem: {name: time / of[OURS] for name, time in of.items()}
        for problem, of in times.items()
    }
    draw_dots(ax, ratios, STEPS)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set_xlabel("time of a step, divided by ours")
    figure.legend(loc="outside upper center", ncols=len(STEPS), frameon=False)
    return figure


def draw_scaling(rows):
    """Return ours against one dimension a panel, and the time to read X once."""
    from matplotlib.figure import Figure

    names = ["rows", "features", "columns", "density", "threads"]
    figure = Figure(figsize=(13, 3.4), layout="constrained")
    axes = figure.subplots(1, len(names), sharey=True)
    for ax, name in zip(axes, names, strict=True):
        for contender, style, color in ((OURS, "o-", "black"), (READ, "s--", "0.5")):
            points = sorted(
                (find_place(row, name), float(row["median"]))
                for row in rows
                if row["problem"].startswith(name) and row["contender"] == contender
            )
            places, seconds = zip(*points, strict=True)
            ax.plot(places, seconds, style, label=contender, color=color, markersize=4)
        ax.set(xlabel=name, xscale="log", yscale="log")
        if name == "threads":
            ax.set(xscale="linear", xticks=sorted(set(places)))
        ax.grid(axis="y", color="0.9")
    axes[0].set_ylabel("seconds per step")
    axes[0].legend()
    return figure


def find_place(row, name):
    """Return where a row is on an axis; the threads are those that ours may use."""
    if name == "threads":
        return int(row["problem"].rpartition(", ")[2].split()[0])
    return float(row[name])
