"""The suite in environments of its own.

`make test-matrix`: on every supported scikit-learn and Python found here. The oldest
scikit-learn runs with the oldest numpy and scipy that pyproject.toml declares.

`nox --session ship`: what other packages do with a fitted neuron.

`make test-builds`: of a wheel built from the source distribution, and of an install without
a C compiler. To that, `nox --session builds --` gives what follows. (The environment of
`make test` is an editable install.)

`make test-works-with`: of the tools that docs/known_to_work_with.md names.
"""

import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
SCIKIT_LEARNS = ["1.7", "1.8", "1.9"]
# What an install can break: is all of it there, and which kernels?
INSTALLED = [
    *(f"tests/test_{name}.py" for name in ("package", "article", "versions")),
    "tests/test_kernel.py::test_the_compiled_kernels_are_what_is_tested",
]

# What is left out where the packages that convert, explain, store and track are missing.
SHIPPED = [
    f"tests/test_{name}.py"
    for name in ("array_api", "logistic_regression", "onnx", "storage")
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
def works_with(session):
    session.install("--quiet", ".[works-with]")
    session.run("pytest", "tests/test_works_with.py")


@nox.session
def ship(session):
    session.install("--quiet", ".[ship]")
    session.run("pytest", *SHIPPED, "--pyargs", "sk_neuron.onnx")


@nox.session
def builds(session):
    """One after the other in one environment, from the unpacked source distribution.

    That holds what is committed, tests too; the kernels are compiled for the first only.
    """
    build = tomllib.loads(Path("pyproject.toml").read_text())["build-system"]["requires"]
    session.install("--quiet", "build", *build, "ninja")
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder)
    make = ["python", "-m", "build", "--no-isolation", "--sdist", "--outdir", str(folder)]
    session.run(*make, silent=True)
    (packed,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(packed, folder)
    session.chdir(folder / packed.name.removesuffix(".tar.gz"))
    options = ["--quiet", "--no-deps", "--no-build-isolation"]
    compiled = f"--config-settings=build-dir={folder / 'build'}"

    make = ["python", "-m", "pip", "wheel", "--wheel-dir", str(folder)]
    session.run(*make, *options, compiled, ".")
    (built,) = folder.glob("*.whl")
    names = zipfile.ZipFile(built).namelist()
    for kernel in ("_dense", "_csr"):
        start = f"sk_neuron/_kernels/{kernel}.c"
        assert any(name.startswith(start) for name in names), names
    # The first, so that it must bring all that it needs.
    install(session, "--quiet", f"{built}[test]")
    session.run("pytest", *INSTALLED)

    env = {"CC": "/nonexistent"}
    install(session, *options, ".", env=env)
    session.run("pytest", *(session.posargs or INSTALLED), env=env)


def install(session, *what, **kwargs):
    """Install sk-neuron in place of the one that is there, if any."""
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "sk-neuron")
    session.install(*what, **kwargs)
