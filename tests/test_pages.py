"""README and the pages: what they link to, and that their figures were measured."""

import ast
import csv
import re
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
SITE, SOURCE = URLS["Documentation"], URLS["Source"]
RAW = SOURCE.replace("github.com", "raw.githubusercontent.com")

BENCHMARKS = ROOT / "benchmarks"
# Scripts whose figures are on pages, and the tables that they show.
TABLES = {
    "report.py": "benchmarks.csv",
    "training.py": "training.csv",
    "mislabelled.py": "mislabelled.csv",
    "label_noise.py": "label_noise.csv",
    "wrong_labels.py": "wrong_labels.csv",
    "cluster.py": "cluster.csv",
}
PICTURES = {
    "reach.png": "benchmarks.csv",
    "steps.png": "benchmarks.csv",
    "scaling.png": "benchmarks.csv",
    "wrong_labels.png": "wrong_labels.csv",
    "wrong_labels_by_share.png": "wrong_labels.csv",
}
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
}
SCRIPTS = sorted(ROOT.glob("docs/how_to/*.py")) + sorted(ROOT.glob("docs/tutorial/*.py"))
MARK = re.compile(r"^<!-- (\w+\.py): (\w+) -->$", re.MULTILINE)
MARKED = {
    name: set(MARK.findall(text)) for name, text in PAGES.items() if MARK.search(text)
}
# What looks like a figure that was measured, but for versions of three numbers: decimals,
# what has a unit, counts of how many, and cells of tables.
FIGURE = re.compile(
    r"(?<![\d.])(?<!e-)(?:\d+\.\d+(?!\.?\d)"
    r"|\d[\d,]*(?= ?(?:[%×]|times\b|[mµn]?s\b|seconds|minutes|hours|[kMG]i?B\b|bytes))"
    r"|\d+ (?:of|in|against) \d+"
    r"|(?<=\| )[\d,]+(?= \|))"
)
# What is not words: what commands write, code, formulas and addresses.
NO_WORDS = re.compile(
    r"^<!-- \w+\.py: .*?^<!-- end -->|^ *(```+).*?^ *\1|\$\$.*?\$\$"
    r"|`+[^`]*`+|\$[^$]*\$|\]\([^)]*\)",
    re.MULTILINE | re.DOTALL,
)
# Settings, versions, sizes that are chosen, and constants of mathematics.
SETTINGS = {
    "README.md": "3.11",
    "docs/all_figures.md": "1.1 1.35 5 10 20 30 95",
    "docs/comparison.md": "0.5",
    "docs/contributing.md": "3.11 10",
    "docs/forty_data_sets.md": "0.1 2.9 1 30 40 95",
    "docs/index.md": "3.11",
    "docs/known_to_work_with.md": "1.5 1.9",
    "docs/scale.md": "2 8 20 64 90 100",
    "docs/speed.md": "5",
    "docs/training.md": "1.9",
    "docs/user_guide.md": "1.5 1.69 2.33 1",
    "docs/how_to/plot_10_wrong_labels.py": "0.7 70",
    "docs/how_to/plot_12_wrong_texts.py": "15",
    "docs/how_to/plot_14_cluster.py": "10 600",
    "docs/how_to/plot_22_explain.py": "0.4",
    "docs/how_to/plot_24_compare.py": "0.8 80",
    "docs/how_to/plot_3_imbalance.py": "5",
    "docs/how_to/plot_5_stream.py": "0.01",
    "docs/how_to/plot_6_calibration.py": "0.8",
    "docs/how_to/plot_8_progress.py": "1.9",
}


def load_script(path, monkeypatch):
    """Return a script as a module; those beside it are found while it is loaded."""
    monkeypatch.syspath_prepend(path.parent)
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_is_short():
    assert len(README.splitlines()) <= 90


def find_source(link):
    """Return the file of the repository that an address of ours shows."""
    for start in (f"{RAW}/main/", f"{SOURCE}/blob/main/"):
        if link.startswith(start):
            return link.removeprefix(start)
    page = link.removeprefix(SITE).removesuffix(".html") or "index"
    if page.startswith("auto_"):
        return page.removeprefix("auto_").replace("index", "GALLERY_HEADER.rst")
    return f"docs/{page}.md"


def test_links_of_readme():
    """All are whole addresses, as a package index needs, and lead to what there is."""
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) > 5
    for link in links:
        assert link.startswith((SITE, SOURCE, RAW))
        source = find_source(link)
        assert (ROOT / source).exists() or (ROOT / "docs" / source).exists(), link


def test_points_are_those_of_the_picture(monkeypatch, tmp_path):
    """The first page plays with the rows of the picture."""
    pytest.importorskip("matplotlib")
    picture = load_script(ROOT / "docs" / "draw_picture.py", monkeypatch)
    picture.write_points(tmp_path / "points.js")
    committed = (ROOT / "docs" / "_static" / "points.js").read_text()
    assert (tmp_path / "points.js").read_text() == committed


def test_scores_of_the_picture(monkeypatch):
    """The scores are those on new rows, of which the mean of many is near."""
    pytest.importorskip("matplotlib")
    picture = load_script(ROOT / "docs" / "draw_picture.py", monkeypatch)
    X, y, _ = picture.draw_points()
    rng = np.random.default_rng(1)
    y_new = rng.integers(0, 2, 200_000)
    X_new = rng.normal(size=(len(y_new), 2)) + picture.CENTRES[y_new]
    for model in picture.fit_both(X, y, 0.0).values():
        error = (model.predict_proba(X_new)[:, 1] - y_new) ** 2
        deviation = error.std() / np.sqrt(len(error))
        assert abs(error.mean() - picture.score(model)) < 5 * deviation


def read_table(name):
    with (BENCHMARKS / "results" / name).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def pages(monkeypatch):
    return load_script(BENCHMARKS / "pages.py", monkeypatch)


@pytest.mark.parametrize("script", TABLES)
def test_pages_show_what_was_measured(script, pages, monkeypatch):
    parts = load_script(BENCHMARKS / script, monkeypatch).list_parts(
        read_table(TABLES[script])
    )
    shown = {name for name, marks in MARKED.items() if script in dict(marks)}
    assert shown
    for name in shown:
        assert pages.fill(PAGES[name], script, parts) == PAGES[name]
    marks = set().union(*(MARKED[name] for name in shown))
    assert {part for owner, part in marks if owner == script} == set(parts)


def test_marks_are_known_and_closed():
    for name, marks in MARKED.items():
        assert {script for script, _ in marks} <= set(TABLES)
        lines = re.findall(r"^<!-- (.*) -->$", PAGES[name], re.MULTILINE)
        assert [line == "end" for line in lines] == [False, True] * (len(lines) // 2)


@pytest.mark.parametrize("name", [*PAGES, *(str(p.relative_to(ROOT)) for p in SCRIPTS)])
def test_words_have_no_figures_but_settings(name):
    """All others stand between marks, or are printed by code of the page itself."""
    text = PAGES.get(name) or read_comments(ROOT / name)
    settings = set(SETTINGS.get(name, "").split())
    assert set(FIGURE.findall(NO_WORDS.sub(" ", text))) <= settings


def read_comments(path):
    """Return what the site shows of a script beside its code."""
    text = path.read_text(encoding="utf-8")
    comments = (line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    return "\n".join([ast.get_docstring(ast.parse(text)), *comments])


def test_figures_are_told_from_other_numbers():
    text = "3.11, 0.865 ± 0.022; 4 ms, 1.04 times, 15 of 15, 22 times as long, | 12 |, 5 %"
    figures = ["3.11", "0.865", "0.022", "4", "1.04", "15 of 15", "22", "12", "5"]
    assert FIGURE.findall(text) == figures
    assert FIGURE.findall("2.13.0, 10,000 steps on 4 rows, section 2.") == []


WRITTEN = {(name, script) for name, marks in MARKED.items() for script, _ in marks}


def test_list_of_figures():
    """docs/figures.md has a row for each page and each script that writes into it."""
    page = PAGES["docs/figures.md"]
    row = r"^\| \[.+\]\((.+)\) \| .+ \| `python benchmarks/(.+)` \| (.+) \|$"
    listed = set()
    for link, script, table in re.findall(row, page, re.MULTILINE):
        name = "README.md" if link.endswith("#readme") else f"docs/{link}"
        assert name in PAGES
        assert (BENCHMARKS / script).exists()
        if table != "printed only":
            assert table == f"`{TABLES[script]}`"
            listed.add((name, script))
    assert listed == WRITTEN
    for table in (BENCHMARKS / "results").glob("*.csv"):
        assert f"`{table.name}`" in page


def test_make_writes_all_figures():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    recipe = makefile.partition("\nfigures:")[2].partition("\n\n")[0]
    commands = re.findall(r"benchmarks/(\w+\.py) .*--write (.+)", recipe)
    assert {
        (page, script) for script, names in commands for page in names.split()
    } == WRITTEN


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_are_of_what_was_measured(picture, pages):
    drawn_from = pages.hash_file(BENCHMARKS / "results" / PICTURES[picture])
    assert drawn_from.encode() in (ROOT / "docs" / picture).read_bytes()


def test_a_page_follows_another_table(tmp_path, pages, monkeypatch):
    """What `make bench` measures replaces the old figures, and nothing else."""
    report = load_script(BENCHMARKS / "report.py", monkeypatch)
    page, results = tmp_path / "speed.md", tmp_path / "results.csv"
    page.write_text(PAGES["docs/speed.md"], encoding="utf-8")
    rows = read_table("benchmarks.csv")
    for row in rows:
        row["date"] = "1999-12-31"
        if row["median"] and row["contender"] != report.OURS:
            row["median"] = str(3 * float(row["median"]))
    with results.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    assert report.main([str(results), "--write", str(page)]) == 0
    written = page.read_text(encoding="utf-8")
    old, new = report.list_parts(read_table("benchmarks.csv")), report.list_parts(rows)
    for name, text in new.items():
        begin = pages.BEGIN.format("report.py", name)
        assert f"{begin}\n{text}\n{pages.END}\n" in written
    assert {name for name in old if old[name] == new[name]} == {
        "columns",
        "ratios",
        "memory",
    }
    assert NO_WORDS.sub("", written) == NO_WORDS.sub("", PAGES["docs/speed.md"])
    report.main([str(BENCHMARKS / "results" / "benchmarks.csv"), "--write", str(page)])
    assert page.read_text(encoding="utf-8") == PAGES["docs/speed.md"]


def test_a_page_without_marks_is_not_written(pages):
    with pytest.raises(ValueError, match=r"no mark of report\.py"):
        pages.fill("# Words\n", "report.py", {})
