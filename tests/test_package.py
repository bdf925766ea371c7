"""What is installed, what it imports and in which order, and what is told of it."""

import ast
import json
import pickle
import re
import subprocess
import sys
import tomllib
from doctest import DocTestFinder
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import sk_neuron
from sk_neuron import dask, testing

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGE = Path(sk_neuron.__file__).parent

# The order of the data flow: a module or a room (a folder) imports only from earlier ones.
FLOW = [
    "_compat",
    "_kernels",
    "_input_validation",
    "_base",
    "_solver",
    "_stepwise",
    "_model_selection",
    "_classifier",
    "_classifier_cv",
    "onnx",
    "_path",
    "_label_issues",
    "_plot",
    "_show_versions",
    "testing",
    "dask",
    "__init__",
    "__main__",
]

# What of it needs more than the three dependencies, and what.
OPTIONAL = {"onnx": "skl2onnx"}

# All modules by their names within the package; a room goes by its own name for its door.
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
PUBLIC_MODULES = [sk_neuron, testing, dask]
COMPILED = {"_kernels._dense", "_kernels._csr"}


def name_module(module, name=None):
    """Return the module of the package that an import is of; None for other packages."""
    package, _, module = module.partition(".")
    if package != "sk_neuron":
        return None
    deeper = ".".join(filter(None, (module, name)))
    for found in (deeper, f"{deeper}.__init__", module, f"{module}.__init__".lstrip(".")):
        if found in MODULES or found in COMPILED:
            return found
    raise AssertionError(f"There is no {module}, from which {name} is imported.")


def imports(path):
    """Return the modules of the package that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found |= {name_module(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {name_module(alias.name) for alias in node.names}
    return found - {None}


def room_of(module):
    return module.partition(".")[0]


def test_modules_import_only_from_earlier_ones():
    assert {room_of(module) for module in MODULES} == set(FLOW)
    for module, path in MODULES.items():
        room = room_of(module)
        earlier = set(FLOW[: FLOW.index(room)]) | ({room} if room != module else set())
        assert {room_of(other) for other in imports(path)} <= earlier, module


def test_modules_do_not_import_each_other_in_a_circle():
    graph = {module: imports(path) for module, path in MODULES.items()}
    TopologicalSorter(graph).prepare()  # or it raises a CycleError


def test_import_is_light():
    """Nothing but the three dependencies, and what scikit-learn itself has imported."""
    code = (
        "import sys, sklearn.linear_model; before = set(sys.modules);"
        "import sk_neuron; print(*set(sys.modules) - before)"
    )
    added = subprocess.check_output([sys.executable, "-P", "-c", code], text=True).split()
    packages = {name.partition(".")[0] for name in added} - sys.stdlib_module_names
    packages = {name for name in packages if not name.startswith("_cython_")}  # its types
    assert "sk_neuron" in packages
    assert packages <= {"sk_neuron", "numpy", "scipy", "sklearn"}


def test_public_names():
    public = {name for name in vars(sk_neuron) if not name.startswith("_")}
    public -= {"dask", "testing", *OPTIONAL}  # imported only where they are asked for
    assert public | {"__version__"} == set(sk_neuron.__all__)
    assert sk_neuron.__version__ == version("sk-neuron")


@pytest.mark.parametrize("module", PUBLIC_MODULES, ids=lambda module: module.__name__)
def test_public_names_say_where_they_are_imported_from(module):
    """So a pickle can be loaded when the private module of a name is another."""
    for name in set(module.__all__) - {"__version__"}:
        public = getattr(module, name)
        assert public.__module__ == module.__name__
        pickled = pickle.dumps(public, protocol=0)
        assert pickled.startswith(f"c{module.__name__}\n{name}\n".encode())
        assert pickle.loads(pickled) is public


@pytest.mark.parametrize(
    "made",
    [
        sk_neuron.SigmoidNeuronClassifier(max_iter=2).fit([[0], [1]], [0, 1]),
        sk_neuron.SigmoidNeuronClassifier(warm_start=True).fit([[0], [1]], [0, 1]),
        sk_neuron.SigmoidNeuronClassifierCV(cv=2, iters=[1, 2], refit=False),
        sk_neuron.LossCurveDisplay(loss_curve=[0.3, 0.2]),
        testing.NeuronAdapter(),
        testing.Problem([0.0], 0.0, [[1.0]], [0], [1.0]),
    ],
    ids=lambda made: type(made).__name__,
)
def test_pickles_name_no_private_module(made):
    pickled = pickle.dumps(made)
    assert b"sk_neuron._" not in pickled
    assert type(pickle.loads(pickled)) is type(made)


@pytest.mark.parametrize("module", PUBLIC_MODULES, ids=lambda module: module.__name__)
def test_no_example_of_a_public_name_is_left_out(module):
    """Doctest finds what says it is of the module: a method with an example must, too."""
    documented = [getattr(module, name) for name in module.__all__ if name[0] != "_"]
    for kind in [each for each in documented if isinstance(each, type)]:
        own = f"{kind.__name__}."
        documented += [
            each
            for each in vars(kind).values()
            if getattr(each, "__qualname__", "").startswith(own)
        ]
    found = {test.name for test in DocTestFinder().find(module) if test.examples}
    assert found == {
        f"{module.__name__}.{each.__qualname__}"
        for each in documented
        if ">>> " in (each.__doc__ or "")
    }


def test_every_public_name_has_a_page_with_an_example():
    pages = (ROOT / "docs" / name for name in ("api.md", "testing.md"))
    reference = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = {module.__name__: module for module in PUBLIC_MODULES}
    found = [name for name, needs in OPTIONAL.items() if find_spec(needs)]
    named |= {f"sk_neuron.{name}": import_module(f"sk_neuron.{name}") for name in found}
    for part in reference.split(".. currentmodule:: ")[1:]:
        name = part.split()[0]
        if name.removeprefix("sk_neuron.") in OPTIONAL and name not in named:
            continue
        module = named.pop(name)
        listed = re.findall(r"^   (\w+)$", part, flags=re.MULTILINE)
        assert sorted(listed) == sorted(set(module.__all__) - {"__version__"})
        for name in listed:
            assert ">>> " in getattr(module, name).__doc__, name
    assert not named


def test_the_installed_package_is_what_is_tested():
    installed = distribution("sk-neuron")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        init = ROOT / "sk_neuron" / "__init__.py"
    else:
        inits = (f for f in installed.files if f.match("sk_neuron/__init__.py"))
        (init,) = (Path(f.locate()) for f in inits)
    assert init.resolve() == PACKAGE.resolve() / "__init__.py"
    assert (PACKAGE / "py.typed").exists()


def read_yaml(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*_*.yml"))


def test_citation_is_of_this_version():
    citation, project = read_yaml("CITATION.cff"), PROJECT["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == project["name"]
    assert citation["version"] == project["version"] == sk_neuron.__version__
    assert citation["abstract"] == project["description"]
    assert citation["license"] == project["license"]
    assert citation["keywords"] == project["keywords"]
    assert citation["repository-code"] == project["urls"]["Source"]
    assert citation["url"] == project["urls"]["Documentation"]
    assert citation["message"]
    assert [author["name"] for author in citation["authors"]] == ["sk-neuron developers"]


def test_pre_commit_runs_what_make_lint_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, flags=re.MULTILINE)[1]
    tools = re.findall(r"\$\(BIN\)/(.*)", recipe)
    called = {
        "ruff check .": "ruff-check",
        "ruff format --check .": "ruff-format",
        "mypy": "mypy",
        "numpydoc lint $(DOCUMENTED)": "numpydoc-validation",
        next(tool for tool in tools if tool.startswith("codespell ")): "codespell",
    }
    repositories = read_yaml(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook for repo in repositories for hook in repo["hooks"]}
    assert sorted(map(called.get, tools)) == sorted(hooks)

    patterns = re.search(r"^DOCUMENTED := \$\(wildcard (.*)\)", makefile, re.MULTILINE)[1]
    documented = {path for pattern in patterns.split() for path in ROOT.glob(pattern)}
    files = re.compile(hooks["numpydoc-validation"]["files"])
    assert documented == {
        path
        for path in (ROOT / "sk_neuron").rglob("*.py")
        if files.search(path.relative_to(ROOT).as_posix())
    }


def test_pre_commit_takes_versions_that_the_project_allows():
    extras = PROJECT["project"]["optional-dependencies"]
    allowed = [Requirement(text) for text in (*extras["lint"], *extras["docs"])]
    tools = {
        "astral-sh/ruff-pre-commit": "ruff",
        "pre-commit/mirrors-mypy": "mypy",
        "numpy/numpydoc": "numpydoc",
        "codespell-project/codespell": "codespell",
    }
    for repo in read_yaml(".pre-commit-config.yaml")["repos"]:
        tool = tools.pop(repo["repo"].removeprefix("https://github.com/"))
        specifiers = [what.specifier for what in allowed if what.name == tool]
        assert specifiers
        for specifier in specifiers:
            assert repo["rev"].removeprefix("v") in specifier, tool
    assert not tools


def test_all_supported_pythons_are_tested_and_built_for():
    classifiers = PROJECT["project"]["classifiers"]
    start = "Programming Language :: Python :: "
    pythons = [text.removeprefix(start) for text in classifiers if text.startswith(start)]
    minor = [int(python.removeprefix("3.")) for python in pythons]
    assert minor == list(range(minor[0], minor[-1] + 1))
    required = SpecifierSet(PROJECT["project"]["requires-python"])
    assert pythons[0] in required
    assert f"3.{minor[0] - 1}" not in required

    jobs = read_yaml(".github/workflows/tests.yml")["jobs"]
    assert jobs["tests"]["strategy"]["matrix"]["python"] == pythons
    built = PROJECT["tool"]["cibuildwheel"]["build"].split()
    assert built == [f"cp{python.replace('.', '')}-*" for python in pythons]
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    listed = re.search(r"^PYTHONS = (.*)$", noxfile, flags=re.MULTILINE)[1]
    assert ast.literal_eval(listed) == pythons
    oldest = " ".join(str(step.get("run")) for step in jobs["oldest"]["steps"])
    scikit_learns = re.search(r"^SCIKIT_LEARNS = (.*)$", noxfile, flags=re.MULTILINE)[1]
    scikit_learn = ast.literal_eval(scikit_learns)[0]
    assert f"tests-{pythons[0]}(scikit_learn='{scikit_learn}')" in oldest


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_ends(path):
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name
        # What may write only deploys: it runs nothing of this repository.
        if "permissions" in job:
            assert not any("run" in step for step in job["steps"]), name
            assert "environment" in job
            assert "if" in job
        for step in job["steps"]:
            assert re.search(r"@(release/)?v\d+$", step.get("uses", "@v0")), name


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_asks_for_what_it_names(path):
    form = read_yaml(path)
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    assert all(field["attributes"]["label"] for field in form["body"])


def test_the_address_of_the_repository_is_one():
    assert WORKFLOWS
    assert FORMS
    source = PROJECT["project"]["urls"]["Source"]
    assert PROJECT["project"]["urls"]["Issues"] == f"{source}/issues"
    assert PROJECT["project"]["urls"]["Changelog"] == f"{source}/blob/main/CHANGELOG.md"
    for name in ("CODE_OF_CONDUCT.md", "SECURITY.md", ".github/ISSUE_TEMPLATE/config.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert f"{source}/security/advisories/new" in text, name
