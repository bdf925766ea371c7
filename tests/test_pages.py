"""README and the pages: what they link to, and that their figures were measured."""

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


@pytest.mark.parametrize("page", ["README.md", "docs/when_to_use.md"])
def test_table_of_wrong_labels(page, monkeypatch, capsys):
    wrong_labels = load_script(ROOT / "benchmarks" / "wrong_labels.py", monkeypatch)
    wrong_labels.print_summary(wrong_labels.read(wrong_labels.RESULTS))
    _, _, table = capsys.readouterr().out.partition("\n\n")
    assert table.count("\n") > 5
    assert table in (ROOT / page).read_text(encoding="utf-8")


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


def test_tables_of_speed(monkeypatch, capsys):
    report = load_script(ROOT / "benchmarks" / "report.py", monkeypatch)
    report.print_page(report.read(ROOT / "benchmarks" / "results" / "benchmarks.csv"))
    tables = capsys.readouterr().out.strip().split("\n\n")
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    assert len(tables) == 3
    for table in tables:
        assert table + "\n" in page
