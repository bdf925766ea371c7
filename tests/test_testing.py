"""The public checks of gradient updates: that they hold for us, and that they can fail."""

import json
import subprocess
import sys

import hypothesis
import numpy as np
import oracle
import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from sk_neuron import SigmoidNeuronClassifier, testing
from sk_neuron._kernels import _formulas
from sk_neuron.testing import (
    FunctionAdapter,
    MLPAdapter,
    NeuronAdapter,
    Problem,
    SGDAdapter,
    check_gradient_updates,
    parametrize_with_gradient_checks,
    problems,
)

CHECKS = [name for name in testing.__all__ if name.startswith("check_")]
CHECKS.remove("check_gradient_updates")
BOTH_PRECISIONS = problems() | problems(dtype=np.float32)
TWO_CLASSES = problems(n_classes=(2, 2))
SMALL = problems(n_rows=(2, 5), n_features=(1, 2))
# Each check draws its own problems: together they are many.
OURS = settings(max_examples=max(1, settings.default.max_examples // 16))
FORMULAS = settings(max_examples=settings.default.max_examples // 4)
THEIRS = settings(max_examples=max(1, settings.default.max_examples // 20))
BROKEN = settings(
    max_examples=100, derandomize=True, database=None, phases=[Phase.generate]
)

ANY_KERNEL = pytest.mark.any_kernel


@parametrize_with_gradient_checks(
    [
        NeuronAdapter(),
        NeuronAdapter(SigmoidNeuronClassifier(alpha=0.5), np.asfortranarray),
        NeuronAdapter(SigmoidNeuronClassifier(alpha=0.5), csr_array),
    ],
    problems=BOTH_PRECISIONS,
    settings=OURS,
)
def test_neuron(adapter, check, problem):
    check(adapter, problem)


@parametrize_with_gradient_checks(
    [NeuronAdapter(SigmoidNeuronClassifier(fit_intercept=False))],
    problems=BOTH_PRECISIONS,
    skip=["check_constant_column"],
    settings=OURS,
)
def test_neuron_without_an_intercept(adapter, check, problem):
    check(adapter, problem)


@parametrize_with_gradient_checks(
    [NeuronAdapter(SigmoidNeuronClassifier(class_weight={0: 0.5, 1: 3.0}))],
    problems=TWO_CLASSES,
    only=["check_finite_differences", "check_weight_two", "check_shards"],
    settings=OURS,
)
def test_neuron_with_class_weights(adapter, check, problem):
    check(adapter, problem)


def formula_gradient(coef, intercept, X, y, sample_weight):
    columns = np.atleast_2d(coef)
    z = _formulas.compute_raw_prediction(X, columns, np.ravel(intercept))
    delta, _ = _formulas.pointwise_gradient(
        y[:, np.newaxis], sample_weight[:, np.newaxis], z, len(columns)
    )
    d_coef, d_intercept = -delta.T @ X, -delta.sum(axis=0)
    return d_coef.reshape(coef.shape), d_intercept.reshape(np.shape(intercept))


def oracle_loss(coef, intercept, X, y, sample_weight):
    return oracle.loss(X, y, sample_weight, coef, intercept)


@ANY_KERNEL
@parametrize_with_gradient_checks(
    [FunctionAdapter(oracle_loss, formula_gradient)],
    problems=problems(n_classes=(2, 5)),
    settings=FORMULAS,
)
def test_formulas(adapter, check, problem):
    """The oracle's loss has the gradient of the formulas, for a neuron and for a layer."""
    check(adapter, problem)


# What the docs say of scikit-learn's estimators: the checks they fail, all others they
# pass.
RIVALS = [
    (SGDAdapter(), ["check_step_follows_gradient"]),
    (
        SGDAdapter(csr_array),
        [
            "check_finite_differences",
            "check_step_follows_gradient",
            "check_constant_column",
        ],
    ),
    (MLPAdapter(), ["check_shards"]),
]


@ANY_KERNEL
@pytest.mark.parametrize(("adapter", "failed"), RIVALS, ids=repr)
def test_rivals(adapter, failed):
    check_gradient_updates(adapter, problems=SMALL, skip=failed, settings=THEIRS)
    for name in failed:
        with pytest.raises(AssertionError, match="expected"):
            check_gradient_updates(adapter, problems=SMALL, only=[name], settings=BROKEN)


# A logistic regression, and for each check a way to break it.


def log_loss(coef, intercept, X, y, sample_weight):
    z = X @ coef + intercept
    return sample_weight @ np.logaddexp(0, np.where(y == 1, -z, z))


def log_loss_gradient(coef, intercept, X, y, sample_weight):
    z = X @ coef + intercept
    delta = sample_weight * (np.exp(-np.logaddexp(0, -z)) - y)
    return X.T @ delta, delta.sum()


def ignore_weights(coef, intercept, X, y, sample_weight):
    return log_loss_gradient(coef, intercept, X, y, np.ones_like(sample_weight))


def double(*problem):
    d_coef, d_intercept = log_loss_gradient(*problem)
    return 2 * d_coef, 2 * d_intercept


def climb(*problem):
    d_coef, d_intercept = log_loss_gradient(*problem)
    return -d_coef, -d_intercept


def average_over_rows(*problem):
    d_coef, d_intercept = log_loss_gradient(*problem)
    return d_coef / len(problem[3]), d_intercept / len(problem[3])


def average_over_weights(*problem):
    d_coef, d_intercept = log_loss_gradient(*problem)
    return d_coef / problem[4].sum(), d_intercept / problem[4].sum()


def forget_the_last_row(coef, intercept, *rows):
    return log_loss_gradient(coef, intercept, *(a[:-1] for a in rows))


def prefer_the_first_feature(*problem):
    d_coef, d_intercept = log_loss_gradient(*problem)
    return d_coef * (1 + (np.arange(len(d_coef)) == 0)), d_intercept


def prefer_a_class(coef, intercept, X, y, sample_weight):
    return log_loss_gradient(coef, intercept, X, y, sample_weight * (1 + y))


def flipped_loss(coef, intercept, X, y, sample_weight):
    return log_loss(coef, intercept, X, 1 - y, sample_weight)


def flipped_gradient(coef, intercept, X, y, sample_weight):
    return log_loss_gradient(coef, intercept, X, 1 - y, sample_weight)


def decay_the_intercept(coef, intercept, *rows):
    d_coef, d_intercept = log_loss_gradient(coef, intercept, *rows)
    return d_coef, d_intercept + intercept


def lose_digits(coef, intercept, X, y, sample_weight):
    if X.dtype == np.float32:
        X = X.astype(np.float16).astype(np.float32)
    return log_loss_gradient(coef, intercept, X, y, sample_weight)


def scale_in_place(coef, intercept, X, y, sample_weight):
    sample_weight /= sample_weight.max()
    return log_loss_gradient(coef, intercept, X, y, sample_weight)


def overflow(coef, intercept, X, y, sample_weight):
    with np.errstate(all="ignore"):
        e = np.exp(X @ coef + intercept)
        delta = sample_weight * (e / (1 + e) - y)
    return X.T @ delta, delta.sum()


def go_too_far(coef, intercept, X, y, sample_weight, learning_rate, n_steps):
    rows = X, y, sample_weight
    for _ in range(n_steps):
        d_coef, d_intercept = log_loss_gradient(coef, intercept, *rows)
        coef = coef - 2 * learning_rate * d_coef
        intercept = intercept - 2 * learning_rate * d_intercept
    return coef, intercept


def gather_momentum(coef, intercept, X, y, sample_weight, learning_rate, n_steps):
    velocity = 0
    for _ in range(n_steps):
        d_coef, d_intercept = log_loss_gradient(coef, intercept, X, y, sample_weight)
        velocity = 0.9 * velocity - learning_rate * np.append(d_coef, d_intercept)
        coef, intercept = coef + velocity[:-1], intercept + velocity[-1]
    return coef, intercept


def take_long_steps(coef, intercept, X, y, sample_weight, n_steps):
    """Declare to be monotone, and overshoot."""
    rate = 100 / (1 + sample_weight @ (1 + np.square(X).sum(axis=1)))
    rows = X, y, sample_weight
    return go_too_far(coef, intercept, *rows, learning_rate=rate, n_steps=n_steps)


BUGS = {
    "check_finite_differences": FunctionAdapter(log_loss, double),
    "check_small_step": FunctionAdapter(log_loss, climb),
    "check_step_follows_gradient": FunctionAdapter(log_loss, log_loss_gradient, go_too_far),
    "check_steps_add_up": FunctionAdapter(log_loss, log_loss_gradient, gather_momentum),
    "check_descent": FunctionAdapter(log_loss, log_loss_gradient, None, take_long_steps),
    "check_weight_two": FunctionAdapter(log_loss, ignore_weights),
    "check_weight_zero": FunctionAdapter(log_loss, average_over_rows),
    "check_row_order": FunctionAdapter(log_loss, forget_the_last_row),
    "check_feature_order": FunctionAdapter(log_loss, prefer_the_first_feature),
    "check_label_flips": FunctionAdapter(log_loss, prefer_a_class),
    "check_own_class": FunctionAdapter(flipped_loss, flipped_gradient),
    "check_constant_column": FunctionAdapter(log_loss, decay_the_intercept),
    "check_shards": FunctionAdapter(log_loss, average_over_weights),
    "check_float32": FunctionAdapter(log_loss, lose_digits),
    "check_inputs_untouched": FunctionAdapter(log_loss, scale_in_place),
    "check_finite": FunctionAdapter(log_loss, overflow),
}


@ANY_KERNEL
def test_every_check_has_a_bug():
    assert sorted(BUGS) == sorted(CHECKS)
    right = FunctionAdapter(log_loss, log_loss_gradient)
    check_gradient_updates(right, problems=TWO_CLASSES, settings=OURS)


@ANY_KERNEL
@pytest.mark.parametrize("name", BUGS)
def test_a_check_fails_on_its_bug(name):
    with pytest.raises(AssertionError, match=r"(?s)expected .*got .*at Problem\("):
        check_gradient_updates(
            BUGS[name], problems=TWO_CLASSES, only=[name], settings=BROKEN
        )


@ANY_KERNEL
def test_a_gradient_of_another_shape_is_told():
    def in_two_dimensions(*problem):
        d_coef, d_intercept = log_loss_gradient(*problem)
        return d_coef[np.newaxis], d_intercept

    for answer, told in [
        (in_two_dimensions, r"a pair of the shapes \(1,\) and \(\)"),
        (lambda *problem: (*log_loss_gradient(*problem), 0), "a pair of the shapes"),
        (lambda *problem: None, "a pair of the shapes"),
    ]:
        adapter = FunctionAdapter(log_loss, answer)
        with pytest.raises(AssertionError, match=f"expected {told}"):
            check_gradient_updates(adapter, problems=TWO_CLASSES, settings=BROKEN)
    adapter = FunctionAdapter(lambda *problem: np.ones(1), log_loss_gradient)
    with pytest.raises(AssertionError, match="The loss is a number"):
        check_gradient_updates(adapter, problems=TWO_CLASSES, settings=BROKEN)


@ANY_KERNEL
def test_lists_and_numbers_of_numpy_will_do():
    def in_lists(*problem):
        d_coef, d_intercept = log_loss_gradient(*problem)
        return [d_coef.tolist(), np.array(d_intercept)]

    adapter = FunctionAdapter(lambda *problem: np.array(log_loss(*problem)), in_lists)
    check_gradient_updates(adapter, problems=TWO_CLASSES, settings=THEIRS)


@ANY_KERNEL
@pytest.mark.parametrize(
    ("bug", "seed"),
    [(ignore_weights, 0), (decay_the_intercept, 1)],
    ids=["rows", "intercept"],
)
def test_failures_shrink_to_two_rows_and_small_integers(bug, seed):
    """Whatever they begin with, and with all that Hypothesis does to explain them."""
    adapter = FunctionAdapter(log_loss, bug)

    @hypothesis.seed(seed)
    @settings(database=None, deadline=None, max_examples=200)
    @hypothesis.given(TWO_CLASSES)
    def test(problem):
        testing.check_finite_differences(adapter, problem)

    with pytest.raises(AssertionError) as failure:
        test()
    least = read_problem(str(failure.value))
    assert least.X.shape == (2, 1)
    for array in least:
        np.testing.assert_array_equal(array, np.round(array))
        assert np.abs(array).max() <= 2


def read_problem(message):
    """Return the problem that an error tells as code."""
    return eval(message[message.index("Problem(") :], {"np": np, "Problem": Problem})


@ANY_KERNEL
def test_a_failure_tells_how_to_reproduce_it():
    adapter = FunctionAdapter(log_loss, climb)
    name = "check_finite_differences"

    @parametrize_with_gradient_checks([adapter], problems=TWO_CLASSES, only=[name])
    def test(adapter, check, problem):
        check(adapter, problem)

    with pytest.raises(AssertionError) as failure:
        test(adapter=adapter, check=getattr(testing, name))
    assert "@reproduce_failure(" in "".join(failure.value.__notes__)
    message = str(failure.value)
    with pytest.raises(AssertionError) as again:
        getattr(testing, name)(adapter, read_problem(message))
    assert str(again.value) == message


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_problem_is_written_as_code(dtype):
    strategy = problems(dtype=dtype, n_classes=(3, 3), n_rows=(5, 9))
    problem = find(strategy, lambda problem: (problem.X % 1).any(), settings=BROKEN)
    read = read_problem(repr(problem))
    for before, after in zip(problem, read, strict=True):
        np.testing.assert_array_equal(before, after, strict=True)


@ANY_KERNEL
def test_parametrized():
    @parametrize_with_gradient_checks(
        [NeuronAdapter(), MLPAdapter()], skip=["check_float32"], settings=BROKEN
    )
    def test(adapter, check, problem):
        check(adapter, problem)

    (mark,) = test.pytestmark
    assert mark.args[0] == ("adapter", "check")
    ids = [case.id for case in mark.args[1]]
    assert len(ids) == len(set(ids)) == 2 * (len(CHECKS) - 1)
    assert "check_shards-MLPAdapter()" in ids
    with pytest.raises(AssertionError, match="add up over shards"):
        test(adapter=MLPAdapter(), check=testing.check_shards)


def test_settings_are_passed_on():
    asked = []

    def count(*problem):
        asked.append(problem)
        return log_loss_gradient(*problem)

    three = settings(max_examples=3, derandomize=True, database=None)
    only = ["check_inputs_untouched"]
    adapter = FunctionAdapter(log_loss, count, gather_momentum)
    check_gradient_updates(adapter, problems=TWO_CLASSES, only=only, settings=three)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_rows": (1, 5)}, "n_rows must be a pair of integers, 2 <= low <= high"),
        ({"n_features": (3, 2)}, "n_features must be"),
        ({"n_classes": (2, 6), "n_rows": (2, 5)}, "needs more rows than n_rows"),
        ({"n_rows": 5}, "n_rows must be a pair of integers"),
        ({"n_rows": (2.0, 5.5)}, "n_rows must be a pair of integers"),
        ({"scale": -1}, "scale must be a positive number"),
        ({"coef_scale": np.inf}, "coef_scale must be a positive number"),
        ({"scale": "8"}, "scale must be a positive number"),
        ({"conditioning": np.nan}, "conditioning must be 1 or more"),
        ({"dtype": int}, "dtype must be np.float64 or np.float32"),
    ],
)
def test_ranges_are_checked(params, message):
    with pytest.raises(ValueError, match=message):
        problems(**params)


def test_names_of_checks_are_checked():
    with pytest.raises(ValueError, match="There is no check 'check_rows'"):
        check_gradient_updates(NeuronAdapter(), skip=["check_rows"])
    for nothing in ({"only": []}, {"only": ["check_finite"], "skip": ["check_finite"]}):
        with pytest.raises(ValueError, match="No check is left"):
            check_gradient_updates(NeuronAdapter(), **nothing)
    with pytest.raises(TypeError, match="only must be a list of names"):
        check_gradient_updates(NeuronAdapter(), only="check_finite")
    with pytest.raises(TypeError, match=r"settings must be hypothesis\.settings"):
        check_gradient_updates(NeuronAdapter(), settings={"max_examples": 5})
    names = (name for name in ["check_shards"])  # once through, and still run
    with pytest.raises(AssertionError, match="add up over shards"):
        check_gradient_updates(MLPAdapter(), only=names, settings=BROKEN)


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_weights_that_are_drawn_are_checked(weight):
    with pytest.raises(ValueError, match="weights must be finite, 0 or more"):
        find(problems(weights=st.just(weight)), lambda problem: True, settings=BROKEN)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_any_scale_has_a_float(dtype):
    strategy = problems(scale=0.1, coef_scale=0.3, dtype=dtype)
    find(strategy, lambda problem: problem.X.any() and problem.coef.any(), settings=BROKEN)


def test_adapters_without_a_name_of_their_own():
    class Mine:
        loss = staticmethod(log_loss)
        gradient = staticmethod(log_loss_gradient)

    @parametrize_with_gradient_checks([Mine()], only=["check_shards"])
    def test(adapter, check, problem):
        check(adapter, problem)

    (mark,) = test.pytestmark
    assert [case.id for case in mark.args[1]] == ["check_shards-Mine"]


def test_a_neuron_takes_all_steps_from_where_it_is_asked_to():
    X, y, s = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1]), np.ones(3)
    start, plain = (np.array([0.5]), -0.5), NeuronAdapter()
    others = {"tol": 1.0, "early_stopping": True, "checkpoints": [100], "warm_start": True}
    other = NeuronAdapter(SigmoidNeuronClassifier(n_iter_no_change=2, verbose=1, **others))
    assert other.loss(*start, X, y, s) == plain.loss(*start, X, y, s)
    assert other.gradient(*start, X, y, s) == plain.gradient(*start, X, y, s)
    assert other.step(*start, X, y, s, 0.1, 50) == plain.step(*start, X, y, s, 0.1, 50)


def test_neurons_that_cannot_be_asked():
    with pytest.raises(ValueError, match="balanced"):
        NeuronAdapter(SigmoidNeuronClassifier(class_weight="balanced"))
    with pytest.raises(TypeError, match="Got LogisticRegression instead"):
        NeuronAdapter(LogisticRegression())


@parametrize_with_gradient_checks(
    [NeuronAdapter()],
    only=["check_finite"],
    problems=problems(n_rows=(4, 6)),
    settings=OURS,
)
def test_problems_are_what_they_promise(adapter, check, problem):
    coef, intercept, X, y, sample_weight = problem
    assert 4 <= len(X) == len(y) == len(sample_weight) <= 6
    assert X.shape[1] in (1, 2, 3, 4)
    assert np.abs(X).max() <= 16
    k = y.max() + 1
    assert k in (2, 3)
    assert set(y) == set(range(k))
    assert np.shape(intercept) == (() if k == 2 else (3,))
    assert coef.shape == (*np.shape(intercept), X.shape[1])
    assert (sample_weight >= 0).all()
    assert sample_weight[0] > 0


@ANY_KERNEL
@pytest.mark.parametrize(
    "trait",
    [
        lambda X: len(np.unique(X, axis=0)) < len(X) and X.std() > 1,
        lambda X: (X[:, 0] == X[0, 0]).all() and X.std() > 1,
        lambda X: X.size > 12 and (X != 0).mean() < 0.3 and X.any(),
        lambda X: X.shape[1] > 1 and 0 < np.abs(X[:, 0] - X[:, -1]).max() < 0.02 * X.std(),
    ],
    ids=["duplicates", "constant", "sparse", "collinear"],
)
def test_problems_are_of_all_kinds(trait):
    rare = settings(BROKEN, max_examples=500)
    find(problems(), lambda problem: trait(problem.X), settings=rare)


@pytest.mark.any_kernel
def test_without_hypothesis_the_error_says_what_to_install():
    code = (
        "import json, sys; sys.modules['hypothesis'] = None\n"
        "import sk_neuron\n"
        "try: import sk_neuron.testing\n"
        "except ImportError as error: print(json.dumps(str(error)))"
    )
    printed = subprocess.check_output([sys.executable, "-P", "-c", code], text=True)
    message = json.loads(printed)
    assert message == "sk_neuron.testing needs Hypothesis: pip install sk-neuron[testing]"
