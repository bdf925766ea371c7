"""Break the update rule in ways people do, and show which checks notice.

`make test-mutants`: each mutant is an edit of a copy of the sources, on which every check
of `sk_neuron.testing` is run. It ends with 1 if a mutant survives, if an edit no longer
applies or if a check fails without one.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

SOURCE = Path(__file__).parents[1]


class Edit(NamedTuple):
    file: str
    old: str
    new: str


# Blocks of a few rows, so that small problems have several.
SMALL_BLOCKS = [
    Edit("_advance.py", "_COLUMN_SIZE = 2**15", "_COLUMN_SIZE = 4"),
    Edit("_advance.py", "_MIN_ROWS = 64", "_MIN_ROWS = 1"),
]
ACTIVATE = """\
    with np.errstate(over="ignore"):
        output = np.negative(raw_prediction, out=out)
        np.exp(output, out=output)
        output += 1
        return np.reciprocal(output, out=output)
"""
CARELESS = """\
    with np.errstate(all="ignore"):
        output = np.exp(raw_prediction, out=out)
        return np.divide(output, 1 + output, out=output)
"""
APART = "output = activate(raw_prediction)"
NO_INTERCEPT = "        if not self.problem.fit_intercept:\n"
DECAYED = "        d_intercept = d_intercept - self.alpha[:, 0] * intercept\n"
TAKE_STEP = "                state = self._step(state)\n"
WEAR_OFF = "                self.rate = self.rate * 0.9\n"
SCALE = """\
    if len(weight):
        weight /= max(weight.max(), 1)
"""
NUMPY_MUTANTS = {
    "sign": [
        Edit("_advance.py", "(x + (step if", "(x - (step if"),
    ],
    "1 - o forgotten": [
        Edit(
            "_rule.py", "    np.subtract(1, output, out=output)\n    delta *= output\n", ""
        ),
    ],
    "weight forgotten": [
        Edit("_rule.py", "delta = weight * error", "delta = error.copy()"),
    ],
    "derivative from the potential": [
        Edit("_rule.py", "output = activate(raw_prediction, out=raw_prediction)", APART),
        Edit(
            "_rule.py", "    delta *= output\n    np", "    delta *= raw_prediction\n    np"
        ),
        Edit("_rule.py", "subtract(1, output, out", "subtract(1, raw_prediction, out"),
    ],
    "block off by one": [
        Edit("_advance.py", "(start, start + n_rows)", "(start, start + n_rows - 1)"),
    ],
    "intercept decayed": [
        Edit("_advance.py", NO_INTERCEPT, DECAYED + NO_INTERCEPT),
    ],
    "mean in place of the sum": [
        Edit("_rule.py", "return delta.T @ X, ", "return delta.T @ X / len(delta), "),
        Edit("_rule.py", ", delta.sum(", ", delta.mean("),
    ],
    "last row forgotten": [
        Edit("_rule.py", "return delta.T @ X,", "return delta[:-1].T @ X[:-1],"),
    ],
    "first feature counted twice": [
        Edit(
            "_advance.py",
            "(d_coef - self.alpha",
            "((1 + np.eye(1, coef.shape[1])) * d_coef - self.alpha",
        ),
    ],
    "wrong for one of the labels": [
        Edit(
            "_rule.py",
            "error = target - output\n    #",
            "error = 2 * target - output\n    #",
        ),
    ],
    "careless exponential": [Edit("_rule.py", ACTIVATE, CARELESS)],
    "steps that wear off": [
        Edit("_advance.py", TAKE_STEP, WEAR_OFF + TAKE_STEP),
    ],
    "weights scaled in place": [
        Edit(
            "_inputs.py", "    if not weight.any():\n", SCALE + "    if not weight.any():\n"
        ),
    ],
    "no step is taken back": [
        Edit("_advance.py", "_choose(is_kept, point,", "_choose(is_kept | True, point,"),
    ],
    "half precision": [
        Edit("_rule.py", "z += intercept\n", "z += intercept.astype(np.float16)\n"),
    ],
}

# One set of instructions, and less to optimise: what counts is the rule.
QUICK_BUILD = [
    Edit("_kernel.h", "#define DISPATCHED __attribute__", "#define DISPATCHED //"),
    Edit("../meson.build", "'-O3'", "'-O1'"),
]
DECAY = "alpha * intercept[column]"
DELTA = "z[k + l] = ys * m2 * (e * m);"
DENSE_ROWS = "i < m; i++) gradient[j] += x[i]"
SPARSE_ROWS = "sums);\n        k = start;\n        for (ptrdiff_t i = 0;"
COMPILED_MUTANTS = {
    "sign": [
        Edit("_step.h", "kept[k] + step[0]", "kept[k] - step[0]"),
    ],
    "1 - o forgotten": [
        Edit("_step.h", DELTA, "z[k + l] = ys * m2;"),
    ],
    "weight forgotten": [
        Edit("_step.h", "rest[l] = signs[i + l] * weight[i + l]", "rest[l] = signs[i + l]"),
        Edit("_step.h", "(signs + i) * LOAD(weight + i)", "(signs + i)"),
    ],
    "derivative from the potential": [
        Edit("_step.h", DELTA, "z[k + l] = ys * m * z[k + l] * (1 - z[k + l]);"),
    ],
    "block off by one": [
        Edit("_dense.h", DENSE_ROWS, DENSE_ROWS.replace("i < m", "i + 1 < m")),
        Edit("_sparse.h", SPARSE_ROWS, SPARSE_ROWS.replace("= 0", "= 1")),
    ],
    "intercept decayed": [
        Edit("_step.h", "layer->sums[column] : 0;", f"layer->sums[column] - {DECAY} : 0;"),
    ],
    "steps that only grow": [
        Edit("_step.h", "is_kept = exponent == 0", "is_kept = 1 || exponent == 0"),
        Edit("_kernel.h", "if (exponent + root < next) next", "if (0) next"),
    ],
    "mean in place of the sum": [
        Edit(
            "_step.h",
            "REAL ys = signed_weight[k + l];",
            "REAL ys = signed_weight[k + l] / size;",
        ),
    ],
}


def apply(edits, package):
    for file, old, new in edits:
        path = package / file
        text = path.read_text()
        if text.count(old) != 1:
            sys.exit(f"An edit no longer applies: {file} has {text.count(old)} of {old!r}.")
        path.write_text(text.replace(old, new))


def find_failed(package, kernel):
    """Return the checks that fail, found out by a process that imports this package."""
    env = os.environ | {"SK_NEURON_KERNEL": kernel, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", __file__, "--survey", str(package.parent)]
    return json.loads(subprocess.check_output(command, env=env, text=True))


def survey(folder):
    """Print the checks that fail on the package in a folder, as JSON."""
    sys.path.insert(0, folder)
    import numpy as np
    from hypothesis import Phase, settings
    from scipy.sparse import csr_array

    import sk_neuron
    from sk_neuron import SigmoidNeuronClassifier, _compiled, testing

    if not Path(sk_neuron.__file__).is_relative_to(folder):
        sys.exit("Install sk-neuron as it is, not as editable: its copy is not imported.")
    assert _compiled.BUILT != _compiled.SWITCHED_OFF
    neuron = SigmoidNeuronClassifier(alpha=0.5)
    adapters = [testing.NeuronAdapter(neuron, layout) for layout in (np.asarray, csr_array)]
    few = settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    failed = []
    for name in testing.__all__:
        if not name.startswith("check_") or name == "check_gradient_updates":
            continue
        try:
            for adapter in adapters:
                testing.check_gradient_updates(adapter, only=[name], settings=few)
        except Exception:  # a mutant may as well crash
            failed.append(name.removeprefix("check_"))
    print(json.dumps(failed))


def run(kernel, mutants, package, always, prepare):
    """Print what catches each mutant, and return whether all is as it should be."""
    fine = True
    for name, edits in {"(none)": [], **mutants}.items():
        files = {edit.file for edit in (*always, *edits)}
        before = {file: (package / file).read_text() for file in files}
        apply((*always, *edits), package)
        prepare()
        failed = find_failed(package, kernel)
        for file, text in before.items():
            (package / file).write_text(text)
        fine &= bool(failed) == bool(edits)
        verdict = ", ".join(failed) or ("SURVIVED" if edits else "no check fails")
        print(f"{kernel or 'compiled':<9} {name:<30} {verdict}", flush=True)
    return fine


def main():
    with TemporaryDirectory() as folder:
        package = Path(folder) / "sk_neuron"
        shutil.copytree(SOURCE / "sk_neuron", package)
        shutil.copy(SOURCE / "meson.build", folder)
        print(f"{'kernel':<9} {'mutant':<30} caught by")
        fine = run("numpy", NUMPY_MUTANTS, package, SMALL_BLOCKS, lambda: None)
        if not any(map(shutil.which, ("cc", "gcc", "clang"))):
            print("compiled  there is no C compiler: no mutants")
            return fine
        build = Path(folder) / "build"

        def compile_kernels():
            if not build.exists():
                call("meson", "setup", str(build), folder)
            call("ninja", "-C", str(build))
            for library in build.glob("_*.so"):
                shutil.copy(library, package)

        return run("", COMPILED_MUTANTS, package, QUICK_BUILD, compile_kernels) and fine


def call(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--survey"]:
        survey(sys.argv[2])
    else:
        sys.exit(not main())
