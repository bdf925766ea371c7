"""The benchmarks run at tiny sizes; what they measure there means nothing."""

import csv
import subprocess
import sys
from importlib.util import find_spec
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
LIBRARIES = {
    "torch": {"PyTorch loop", "PyTorch autograd + SGD"},
    "jax": {"JAX jit"},
    "numba": {"numba"},
}
SUITES = ["article", "step", "sparse", "columns", "search", "quality", "scaling"]
SUITES += ["memory", "overhead"]
SPARSE = {"numba"}
ALWAYS = {"sk-neuron", "sk-neuron, NumPy kernel", "read X once"}


def run(script, *arguments):
    """Return the finished process of a script of the benchmarks."""
    command = [sys.executable, "-P", str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def run_changed(change, path):
    """Return the finished process of the suite on CSR after a change to what it uses."""
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); {change}; import run; "
    code += f"run.main(['--tiny', '--only', 'sparse', '--output', {str(path)!r}])"
    command = [sys.executable, "-P", "-c", code]
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
    for name in ("steps.png", "scaling.png"):
        assert (tmp_path / "figures" / name).read_bytes().startswith(b"\x89PNG")


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


def test_another_rule(tmp_path):
    wrong = (
        "import rivals; right = rivals.train_scipy; rivals.train_scipy = "
        "lambda X, target, start, eta, n: right(X, target, start, 1.001 * eta, n)"
    )
    process = run_changed(wrong, tmp_path / "results.csv")
    assert process.returncode != 0
    assert "SciPy, two products does not follow the rule" in process.stderr
    assert read(tmp_path / "results.csv") == []


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
def test_the_comparison_says_what_ours_can_do():
    """Of the others only what scikit-learn's next version does could go stale."""
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import comparison as c; "
    code += "print(*c.ROWS, sep='; '); c.print_table(c.list_scikit_learn()[:2], why=False)"
    command = [sys.executable, "-P", "-W", "ignore", "-c", code]
    titles, table = subprocess.check_output(command, text=True).split("\n", 1)
    page = (BENCHMARKS.parent / "docs" / "comparison.md").read_text()
    stated, found = read_comparison(page), read_comparison(table)
    assert list(stated) == titles.split("; ")
    assert len(found) >= len(stated) - 4  # without the rows for tools that are not there
    for title, cells in found.items():
        assert stated[title][:2] == cells, title
