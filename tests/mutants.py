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


NUMPY = "_kernels/_numpy.py"
ROW_BLOCKS = "_kernels/_row_blocks.py"
FORMULAS = "_kernels/_formulas.py"
POINTWISE, DESCENT = "_kernels/src/pointwise.h", "_kernels/src/descent.h"

# Blocks of a few rows, so that small problems have several.
SMALL_BLOCKS = [
    Edit(ROW_BLOCKS, "_COLUMN_SIZE = 2**15", "_COLUMN_SIZE = 4"),
    Edit(ROW_BLOCKS, "_MIN_ROWS = 64", "_MIN_ROWS = 1"),
]
ACTIVATE = """\
    with np.errstate(over="ignore", under="ignore"):
        output = array_namespace(raw_prediction).exp(-raw_prediction)
        output += 1
        return 1 / output
"""
CARELESS = """\
    with np.errstate(all="ignore"):
        output = np.exp(raw_prediction)
        return output / (1 + output)
"""
SLOPE = "    delta *= output\n    delta *= 1 - output\n"
D_COEF = "part = delta.T @ X,"
BLOCKS = "slice(start, min(start + n_rows, X.shape[0]))"
GRADIENT = "self.xp.astype(d_coef, coef.dtype), d_intercept"
TAKE_STEP = "            state = self._step(state)\n"
WEAR_OFF = "            self.rule._mantissa = self.rule._mantissa * 0.9\n"
SIZES = "self._repeat(self.rule.step_sizes(state.exponent))"
SCALE = """\
    if len(weight):
        weight /= max(weight.max(), 1)
"""
SOFTMAX_DELTA = "    delta = q - p_y * m - p\n"
NOISY_MEAN = "    error -= xp.sum(p * error, axis=-1, keepdims=True)\n"
OWN_EXPONENTIAL = "    p = xp.exp(z - xp.max(z, axis=-1, keepdims=True))\n    p_own"
NUMPY_MUTANTS = {
    "sign": [
        Edit(NUMPY, "x + _as_rows(step", "x - _as_rows(step"),
    ],
    "1 - o forgotten": [
        Edit(FORMULAS, SLOPE, "    delta *= output\n"),
    ],
    "weight forgotten": [
        Edit(FORMULAS, "delta = weight * error", "delta = 1 * error"),
    ],
    "derivative from the raw prediction": [
        Edit(FORMULAS, SLOPE, SLOPE.replace("output", "z")),
    ],
    "block off by one": [
        Edit(ROW_BLOCKS, BLOCKS, BLOCKS.replace("n_rows,", "n_rows - 1,")),
    ],
    "intercept decayed": [
        Edit(NUMPY, GRADIENT, GRADIENT + " - self.alpha[:, 0] * intercept"),
    ],
    "mean in place of the sum": [
        Edit(NUMPY, D_COEF, "part = delta.T @ X / len(delta),"),
        Edit(NUMPY, "xp.sum(delta, axis=0", "xp.mean(delta, axis=0"),
    ],
    "last row forgotten": [
        Edit(NUMPY, D_COEF, "part = delta[:-1].T @ X[:-1],"),
    ],
    "first feature counted twice": [
        Edit(
            NUMPY,
            "d_coef - self.alpha",
            "(1 + np.eye(1, coef.shape[1])) * d_coef - self.alpha",
        ),
    ],
    "wrong for one of the labels": [
        Edit(FORMULAS, "error = target - ", "error = 2 * target - "),
    ],
    "careless exponential": [Edit(FORMULAS, ACTIVATE, CARELESS)],
    "steps that wear off": [
        Edit(NUMPY, TAKE_STEP, WEAR_OFF + TAKE_STEP),
    ],
    "weights scaled in place": [
        Edit(
            "_input_validation/_weights.py",
            "    if not weight.any():\n",
            SCALE + "    if not weight.any():\n",
        ),
    ],
    "no step is taken back": [
        Edit(NUMPY, "is_kept_column, point,", "is_kept_column | True, point,"),
    ],
    "half precision": [
        Edit(FORMULAS, "z += intercept\n", "z += intercept.astype(np.float16)\n"),
    ],
    "softmax: mean forgotten": [
        Edit(FORMULAS, SOFTMAX_DELTA, "    delta = -p\n"),
        Edit(FORMULAS, "own * (p_y * squared_error)", "own * (p_y * m)"),
    ],
    "softmax: not divided by the sum": [
        Edit(FORMULAS, "    p /= total\n", ""),
    ],
    "softmax: over the rows": [
        Edit(
            FORMULAS,
            "    total = m + p_y\n",
            "    total = (m + p_y).sum(axis=0)\n",
        ),
    ],
    "softmax: a label too far": [
        Edit(
            FORMULAS,
            "is_own = labels.T[:, None, :]",
            "is_own = (labels.T[:, None, :] + 1) % n_outputs",
        ),
    ],
    "softmax: weight forgotten": [
        Edit(FORMULAS, "    delta *= weight[:, :, None]\n", ""),
    ],
    "softmax: careless exponential": [
        Edit(FORMULAS, OWN_EXPONENTIAL, "    p = xp.exp(z)\n    p_own"),
    ],
    "label noise: slope forgotten": [
        Edit(FORMULAS, "        delta *= slope[:, 0]\n", "        pass\n"),
    ],
    "label noise: error of the true label": [
        Edit(
            FORMULAS,
            "target - (shift[:, 0] + slope[:, 0] * output)",
            "target - output",
        ),
    ],
    "softmax with label noise: slope forgotten": [
        Edit(FORMULAS, "    error *= slope\n", ""),
    ],
    "softmax with label noise: mean forgotten": [Edit(FORMULAS, NOISY_MEAN, "")],
    "softmax with label noise: own class alone": [
        Edit(
            FORMULAS,
            "(slope * p + xp.sum(shift * p, axis=-1, keepdims=True))",
            "(slope * p + shift * p)",
        ),
    ],
    "softmax: a step size for each column": [
        Edit(NUMPY, SIZES, SIZES + " / (1 + np.arange(self.problem.n_columns))"),
    ],
}

# One set of instructions, and less to optimise: what counts is the rule.
QUICK_BUILD = [
    Edit(
        "_kernels/src/simd.h", "#define DISPATCHED __attribute__", "#define DISPATCHED //"
    ),
    Edit("_kernels/meson.build", "'-O3'", "'-O1'"),
]
SIGMOID_DELTA = "STORE(z, y * targets->weight * m2 * (e * m));"
LAST_CHUNK = "ptrdiff_t last = descent->chunk_offsets[chunk + 1];"
COMPILED_MUTANTS = {
    "sign": [
        Edit(DESCENT, "kept[k] + step[0]", "kept[k] - step[0]"),
    ],
    "1 - o forgotten": [
        Edit(POINTWISE, SIGMOID_DELTA, "STORE(z, y * targets->weight * m2);"),
    ],
    "weight forgotten": [
        Edit(POINTWISE, SIGMOID_DELTA, SIGMOID_DELTA.replace("targets->weight * ", "")),
    ],
    "derivative from the raw prediction": [
        Edit(
            POINTWISE,
            SIGMOID_DELTA,
            "STORE(z, y * targets->weight * m * LOAD(z) * (1 - LOAD(z)));",
        ),
    ],
    "block off by one": [
        Edit(DESCENT, LAST_CHUNK, LAST_CHUNK.replace(";", " - 1;")),
    ],
    "intercept decayed": [
        Edit(
            DESCENT,
            "            double g = scale * delta_sums[k];\n",
            "            delta_sums[k] -= alpha * intercept[k];\n"
            "            double g = scale * delta_sums[k];\n",
        ),
    ],
    "steps that only grow": [
        Edit(DESCENT, "is_kept = exponent == 0\n", "is_kept = 1 || exponent == 0\n"),
        Edit("_kernels/src/problem.h", "if (exponent + root < next) next", "if (0) next"),
    ],
    "mean in place of the sum": [
        Edit(
            POINTWISE,
            "    NAME(Targets) targets = {NAME(load_labels)(label), LOAD(weight), {0}};\n",
            "    NAME(Targets) targets = {NAME(load_labels)(label), LOAD(weight), {0}};\n"
            "    targets.weight /= (REAL)n;\n",
        ),
    ],
    "softmax: mean forgotten": [
        Edit(POINTWISE, "(shift - other)", "(-other)"),
        Edit(POINTWISE, "targets->weight * p * squared_error;", "targets->weight * p * m;"),
    ],
    "softmax: not divided by the sum": [
        Edit(
            POINTWISE,
            "VEC other = LOAD(z + k * stride) * scale;",
            "VEC other = LOAD(z + k * stride);",
        ),
    ],
    "softmax: a label too far": [
        Edit(
            POINTWISE,
            "    VEC largest = LOAD(z), others",
            "    NAME(Targets) moved = *targets;\n"
            "    moved.label = SELECT(targets->label + 1 == (REAL)n_classes, (VEC){0},\n"
            "                         targets->label + 1);\n"
            "    targets = &moved;\n"
            "    VEC largest = LOAD(z), others",
        ),
    ],
    "softmax: weight forgotten": [
        Edit(POINTWISE, "VEC delta = targets->weight * other", "VEC delta = other"),
        Edit(POINTWISE, "VEC own_delta = targets->weight * p", "VEC own_delta = p"),
    ],
    "softmax: careless exponential": [
        Edit(POINTWISE, "EXP(LOAD(z + k * stride) - largest)", "EXP(LOAD(z + k * stride))"),
    ],
    "label noise: slope forgotten": [
        Edit(POINTWISE, "* (e * m) * slope[0]);", "* (e * m));"),
    ],
    "label noise: error of the true label": [
        Edit(
            POINTWISE,
            "VEC error = SELECT(targets->label == none, none + shift[0], none + shift[1])"
            " + slope[0] * m;",
            "VEC error = m;",
        ),
    ],
    "softmax with label noise: slope forgotten": [
        Edit(POINTWISE, "(common - slope[k] * (", "(common - ("),
    ],
    "softmax with label noise: mean forgotten": [
        Edit(
            POINTWISE,
            "VEC common = product - p * (own_slope * error);",
            "VEC common = {0};",
        ),
        Edit(POINTWISE, "(own_slope * error * m + product)", "(own_slope * error)"),
    ],
    "softmax with label noise: own class alone": [
        Edit(POINTWISE, "shifts += shift[k] * e;", "shifts += shift[k] * (e - other);"),
    ],
}


def apply(edits, package):
    for file, old, new in edits:
        path = package / file
        text = path.read_text()
        if old not in text:
            sys.exit(f"An edit no longer applies: {file} has no {old!r}.")
        path.write_text(text.replace(old, new))


def list_failed(package, kernel):
    """Return the checks that fail, found out by a process that imports this package."""
    env = os.environ | {"SK_NEURON_KERNEL": kernel, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", __file__, "--survey", str(package.parent)]
    return json.loads(subprocess.check_output(command, env=env, text=True))


def survey(folder):
    """Print the checks that fail on the package in a folder, as JSON."""
    sys.path.insert(0, folder)
    # what finds an editable install comes before any path
    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "MesonpyMetaFinder"]
    import numpy as np
    from hypothesis import Phase, settings
    from scipy.sparse import csr_array

    import sk_neuron
    from sk_neuron import SigmoidNeuronClassifier, _kernels, testing

    if not Path(sk_neuron.__file__).is_relative_to(folder):
        sys.exit(f"What is imported is not the copy, but {sk_neuron.__file__}.")
    assert _kernels.BUILT != _kernels.SWITCHED_OFF
    adapters = [
        testing.NeuronAdapter(SigmoidNeuronClassifier(alpha=0.5, label_noise=noise), layout)
        for noise in (0, 0.2)
        for layout in (np.asarray, csr_array)
    ]
    fast = settings(
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
                testing.check_gradient_updates(adapter, only=[name], settings=fast)
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
        failed = list_failed(package, kernel)
        for file, text in before.items():
            (package / file).write_text(text)
        fine &= bool(failed) == bool(edits)
        verdict = ", ".join(failed) or ("SURVIVED" if edits else "no check fails")
        print(f"{kernel or 'compiled':<9} {name:<36} {verdict}", flush=True)
    return fine


def main():
    with TemporaryDirectory() as folder:
        package = Path(folder) / "sk_neuron"
        shutil.copytree(SOURCE / "sk_neuron", package)
        shutil.copy(SOURCE / "meson.build", folder)
        print(f"{'kernel':<9} {'mutant':<36} caught by")
        fine = run("numpy", NUMPY_MUTANTS, package, SMALL_BLOCKS, lambda: None)
        if not any(map(shutil.which, ("cc", "gcc", "clang"))):
            print("compiled  there is no C compiler: no mutants")
            return fine
        build = Path(folder) / "build"

        def compile_kernels():
            if not build.exists():
                call("meson", "setup", str(build), folder)
            call("ninja", "-C", str(build))
            for library in build.glob("sk_neuron/_kernels/_*.so"):
                shutil.copy(library, package / "_kernels")

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
