"""The tables and pictures of docs/speed.md, from the results of run.py.

python benchmarks/report.py RESULTS.csv --page            # its tables in Markdown
python benchmarks/report.py RESULTS.csv --figure docs     # its pictures
"""

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


def print_page(rows):
    """Print the tables: time to a score, a step beside rivals, how many steps."""
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
    steps = pick(rows, ["article", "step"], "seconds per step")

    def compare(times, name):
        if name not in times:
            return ""
        ratio = times[name] / times[OURS]
        text = show_seconds(times[name])
        return text if name in (OURS, READ) else f"{text} ({ratio:.2g}×)"

    print_table(
        ["X", *STEPS.values()],
        [[name, *(compare(times, key) for key in STEPS)] for name, times in steps.items()],
    )
    losses = pick(rows, ["convergence"], "Brier score on the training rows")
    head = ["problem", "adaptive: 10", "30", "100", "300", "constant: 30", "300", "3000"]
    print_table(
        head,
        [
            [name, *(f"{of[key]:.4g}" if key in of else "" for key in COUNTS)]
            for name, of in losses.items()
        ],
    )


def draw(rows, folder):
    """Draw the pictures whose suites are there."""
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
            draw_some(some).savefig(folder / name, dpi=150)
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
