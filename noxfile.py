"""The suite in environments of its own.

`make test-matrix`: on every supported scikit-learn and Python found here. The oldest
scikit-learn runs with the oldest numpy and scipy that pyproject.toml declares.

`make test-builds`: of a wheel built from the source distribution, of an editable install
and of an install without a C compiler.
"""

import subprocess
import tomllib
import zipfile
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]

PYTHONS = ["3.11", "3.12", "3.13"]
SCIKIT_LEARNS = ["1.7", "1.8", "1.9"]
# What an install can break: is all of it there, and which kernels?
INSTALLED = [
    *(f"tests/test_{name}.py" for name in ("package", "article", "versions")),
    "tests/test_kernel.py::test_the_compiled_kernels_are_what_is_tested",
]


def runs(version):
    try:
        return not subprocess.run(
            [f"python{version}", "-V"], capture_output=True
        ).returncode
    except FileNotFoundError:
        return False


def oldest(python):
    """Return `name==version` for the declared minimum of each dependency."""
    declared = tomllib.loads(Path("pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in map(Requirement, declared):
        if requirement.marker is None or requirement.marker.evaluate(
            {"python_version": python}
        ):
            (minimum,) = requirement.specifier
            yield f"{requirement.name}=={minimum.version}"


@nox.session(python=[version for version in PYTHONS if runs(version)])
@nox.parametrize("scikit_learn", SCIKIT_LEARNS)
def tests(session, scikit_learn):
    pins = [f"scikit-learn=={scikit_learn}.*"]
    if scikit_learn == SCIKIT_LEARNS[0]:
        pins = list(oldest(session.python))
    session.install("--quiet", ".[test]", *pins)
    session.run("python", "-c", "import sklearn; sklearn.show_versions()")
    pages = [str(page) for page in Path("docs").glob("*.md")]
    session.run("pytest", "tests", *pages, "README.md", "--pyargs", "sk_neuron")


@nox.session
def wheel(session):
    session.install("--quiet", "build")
    folder = Path(session.create_tmp()).resolve()
    for old in folder.iterdir():
        old.unlink()
    session.run("python", "-m", "build", "--outdir", str(folder), silent=True)
    (built,) = folder.glob("*.whl")
    names = zipfile.ZipFile(built).namelist()
    for kernel in ("_dense", "_sparse"):
        assert any(name.startswith(f"sk_neuron/{kernel}.c") for name in names), names
    session.install("--quiet", f"{built}[test]")
    session.run("pytest", *INSTALLED)


@nox.session
def editable(session):
    build = tomllib.loads(Path("pyproject.toml").read_text())["build-system"]["requires"]
    session.install("--quiet", *build, "ninja")
    session.install("--quiet", "--no-build-isolation", "--editable", ".[test]")
    session.run("pytest", *INSTALLED)


@nox.session
def no_compiler(session):
    env = {"CC": "/nonexistent"}
    session.install("--quiet", ".[test]", env=env)
    session.run("pytest", *(session.posargs or INSTALLED), env=env)
