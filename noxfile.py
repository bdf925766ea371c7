"""`make test-matrix`: the suite on every supported scikit-learn and Python found here.

The oldest scikit-learn runs with the oldest numpy and scipy that pyproject.toml declares.
"""

import subprocess
import tomllib
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"

PYTHONS = ["3.11", "3.12", "3.13"]
SCIKIT_LEARNS = ["1.7", "1.8", "1.9"]


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
    session.run("pytest", "tests", "docs", "README.md", "--pyargs", "sk_neuron")
