"""What is installed, what it imports, and in which order."""

import ast
import json
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.metadata import distribution, version
from pathlib import Path

import sk_neuron
from sk_neuron import testing

PACKAGE = Path(sk_neuron.__file__).parent

# The order of the data flow: a module or a room (a folder) imports only from earlier ones.
FLOW = [
    "_compat",
    "_kernels",
    "_input_validation",
    "_base",
    "_solver",
    "_model_selection",
    "_classifier",
    "_classifier_cv",
    "_path",
    "_display",
    "_diagram",
    "_label_issues",
    "_label_quality_display",
    "_show_versions",
    "_problems",
    "_adapters",
    "_checks",
    "testing",
    "__init__",
    "__main__",
]

# All modules by their names within the package; a room goes by its own name for its door.
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
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
    public -= {"testing"}  # which is imported here, and only where it is asked for
    assert public | {"__version__"} == set(sk_neuron.__all__)
    assert sk_neuron.__version__ == version("sk-neuron")


def test_every_public_name_has_a_page_with_an_example():
    reference = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
    named = {"sk_neuron": sk_neuron, "sk_neuron.testing": testing}
    for part in reference.split(".. currentmodule:: ")[1:]:
        module = named.pop(part.split()[0])
        listed = re.findall(r"^   (\w+)$", part, flags=re.MULTILINE)
        assert sorted(listed) == sorted(set(module.__all__) - {"__version__"})
        for name in listed:
            assert ">>> " in getattr(module, name).__doc__, name
    assert not named


def test_the_installed_package_is_what_is_tested():
    installed = distribution("sk-neuron")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        init = Path(__file__).parents[1] / "sk_neuron" / "__init__.py"
    else:
        inits = (f for f in installed.files if f.match("sk_neuron/__init__.py"))
        (init,) = (Path(f.locate()) for f in inits)
    assert init.resolve() == PACKAGE.resolve() / "__init__.py"
    assert (PACKAGE / "py.typed").exists()
