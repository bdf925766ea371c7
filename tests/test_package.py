"""What is installed, what it imports, and in which order."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import distribution, version
from pathlib import Path

import sk_neuron
from sk_neuron import testing

PACKAGE = Path(sk_neuron.__file__).parent

# The order of the data's flow: a module imports only from earlier ones.
FLOW = [
    "_compat",
    "_rule",
    "_inputs",
    "_dense",
    "_sparse",
    "_compiled",
    "_advance",
    "_validation",
    "_solver.__init__",
    "_solver._step_size",
    "_solver._objective",
    "_solver._initialization",
    "_solver._gram",
    "_solver._stopping",
    "_solver._fit_loop",
    "_solver._callbacks",
    "_solver._outcome",
    "_base",
    "_classifier",
    "_scoring",
    "_search",
    "_path",
    "_display",
    "_diagram",
    "_versions",
    "_problems",
    "_adapters",
    "_checks",
    "testing",
    "__init__",
    "__main__",
]
COMPILED = {"_dense", "_sparse"}


def imports(module):
    """Return the names of the modules of the package that a module imports."""
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            if node.module == "sk_neuron":
                names = {alias.name for alias in node.names}
                yield from names & set(FLOW) or {"__init__"}
            elif node.module.startswith("sk_neuron."):
                yield node.module.partition(".")[2]
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("sk_neuron") for alias in node.names)


def test_modules_import_only_from_earlier_ones():
    paths = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")]
    assert {".".join(path.parts) for path in paths} | COMPILED == set(FLOW)
    for number, module in enumerate(FLOW):
        if module in COMPILED:
            continue
        assert set(imports(module)) <= set(FLOW[:number]), module


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
