"""The laws of gradient updates, each as ``check_*(adapter, problem)``.

A check asks an adapter for the loss, the gradient or steps at a problem. If the answers
break the law, it raises an AssertionError with the law, the expected and the actual value,
and the problem as code that builds it again.

Numbers may differ by rounding: by 64 units in the last place of Σ s (1 + |x| · |w| + |b|),
for the derivative by a coefficient of Σ s (1 + |x| · |w| + |b|) |x|. That suits a loss that
is a sum or a weighted mean over rows and whose first two derivatives by the raw prediction
x · w + b are at most about 1, like the squared error of a sigmoid or a softmax and the log
loss.

In this module `weights` are the coefficients with the intercept as the last column, of the
shape (d + 1,) or (n_classes, d + 1), and a gradient has the same shape.
"""

import copy
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np

from sk_neuron.testing._adapters import Adapter
from sk_neuron.testing._strategies import Problem

__all__ = [
    "check_constant_column",
    "check_descent",
    "check_feature_order",
    "check_finite",
    "check_finite_differences",
    "check_float32",
    "check_inputs_untouched",
    "check_label_flips",
    "check_own_class",
    "check_row_order",
    "check_shards",
    "check_small_step",
    "check_step_follows_gradient",
    "check_steps_add_up",
    "check_weight_two",
    "check_weight_zero",
]

# By how many units in the last place numbers may differ.
_ROUNDING_UNITS = 64

# A small step is this many times 1 / (1 + Σ s (1 + |x|²)), which is at most 1 / L for these
# losses with a weight decay up to 1.
_SMALL_STEP = 2.0**-6


class Check(Protocol):
    """A law of gradient updates, as a function.

    Parameters
    ----------
    adapter : Adapter
        The estimator or the functions to test.

    problem : Problem
        The coefficients and the rows for which the law must hold.

    Raises
    ------
    AssertionError
        If the law is broken: with the expected and the actual value, and the problem.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import NeuronAdapter, Problem, check_shards
    >>> X, y = np.array([[1.0], [2.0], [-1.0]]), np.array([0, 1, 0])
    >>> problem = Problem(np.array([0.5]), 0.0, X, y, np.array([1.0, 2.0, 1.0]))
    >>> check_shards(NeuronAdapter(), problem)
    """

    __name__: str

    def __call__(self, adapter: Adapter, problem: Problem) -> None:
        """Raise an AssertionError if the law is broken."""


class _Update(NamedTuple):
    """The loss and the gradient at a problem, or by how much rounding may change them."""

    loss: Any
    gradient: Any


def check_finite_differences(adapter: Adapter, problem: Problem) -> None:
    """The gradient is that of the loss, as finite differences have it.

    They are five-point differences. From one point to the next a raw prediction changes by
    up to ``eps ** 0.2``, where the error of the formula and that of rounding are about
    equal. Two numbers bound the error: the difference to the result for points at twice the
    distance, and what rounding makes of the losses.
    """
    weights, gradient = _join(problem), _ask(adapter, problem).gradient
    largest = np.abs(_append_ones(problem.X)).max(axis=0, initial=1)
    distances = np.finfo(problem.X.dtype).eps ** 0.2 / largest
    expected, bound = np.empty((2, *weights.shape))
    for index in np.ndindex(weights.shape):
        shift, h = np.zeros(weights.shape), distances[index[-1]]
        shift[index] = h
        losses = [
            adapter.loss(*_move(problem, weights + k * shift))
            for k in (-4, -2, -1, 1, 2, 4)
        ]
        near = np.dot([0, 1, -8, 8, -1, 0], losses) / (12 * h)
        far = np.dot([1, -8, 0, 0, 8, -1], losses) / (24 * h)
        expected[index] = near
        bound[index] = abs(near - far) + 2 * _bound_rounding(problem).loss / h
    _compare(check_finite_differences, problem, "d_", gradient, expected, bound)


def check_small_step(adapter: Adapter, problem: Problem) -> None:
    """A small step lowers the loss.

    The descent lemma promises that it falls by almost the step size times the square of the
    gradient. The check asks for half of that.
    """
    before, rate = _ask(adapter, problem), _choose_small_rate(problem)
    after = adapter.loss(*_move(problem, _step(adapter, problem, rate, 1)))
    limit = before.loss - rate * np.square(before.gradient).sum() / 2
    if not after <= limit + _bound_rounding(problem, before).loss:
        expected = f"a loss of at most {limit!r} after a step of {rate!r}"
        _fail(check_small_step.__doc__, problem, expected, after)


def check_step_follows_gradient(adapter: Adapter, problem: Problem) -> None:
    """A step goes against the gradient, learning_rate times as far.

    An adapter without a method `step` always passes.
    """
    update = _ask(adapter, problem)
    for rate in (_choose_small_rate(problem), 1.0):
        expected = _join(problem) - rate * update.gradient
        got = _step(adapter, problem, rate, 1)
        _compare_steps(check_step_follows_gradient, problem, got, expected, rate, update)


def check_steps_add_up(adapter: Adapter, problem: Problem) -> None:
    """Two steps and then three are five steps.

    So nothing but the coefficients is kept from step to step. An adapter without a method
    `step` always passes.
    """
    rate = _choose_small_rate(problem)
    after_two = _move(problem, _step(adapter, problem, rate, 2))
    got, expected = _step(adapter, after_two, rate, 3), _step(adapter, problem, rate, 5)
    update = _ask(adapter, problem)
    _compare_steps(check_steps_add_up, problem, got, expected, rate, update)


def check_descent(adapter: Adapter, problem: Problem) -> None:
    """No step of a monotone optimiser raises the loss.

    An adapter with a method `descend` declares to be one: the loss after 1, 2, 3, 5, 8 and
    13 of its steps is never larger than the loss before, up to rounding. An adapter without
    that method always passes.
    """
    if (descend := getattr(adapter, "descend", None)) is None:
        return
    before = adapter.loss(*problem)
    for n_steps in (1, 2, 3, 5, 8, 13):
        answer = descend(*problem, n_steps)
        point = _move(problem, _read_weights("descent", problem, answer))
        limit = before + _bound_rounding(point, _Update(before, 0)).loss
        before = adapter.loss(*point)
        if not before <= limit:
            expected = f"a loss of at most {limit!r} after {n_steps} steps"
            _fail(check_descent.__doc__, problem, expected, before)


def check_weight_two(adapter: Adapter, problem: Problem) -> None:
    """Twice the weight is the row twice.

    Every other row has twice the weight.
    """
    n, weight = len(problem.y), problem.sample_weight.copy()
    weight[::2] *= 2
    got = _ask(adapter, problem._replace(sample_weight=weight))
    expected = _ask(adapter, _take_rows(problem, np.r_[:n, :n:2]))
    _compare_updates(check_weight_two, problem, got, expected)


def check_weight_zero(adapter: Adapter, problem: Problem) -> None:
    """A weight of zero is the row left out.

    Every other row has a weight of zero.
    """
    weight = problem.sample_weight.copy()
    weight[1::2] = 0
    if weight.any():
        got = _ask(adapter, problem._replace(sample_weight=weight))
        expected = _ask(adapter, _take_rows(problem, np.arange(0, len(weight), 2)))
        _compare_updates(check_weight_zero, problem, got, expected)


def check_row_order(adapter: Adapter, problem: Problem) -> None:
    """The order of the rows does not matter.

    They are reversed.
    """
    order = np.arange(len(problem.y))[::-1]
    got, expected = _ask(adapter, _take_rows(problem, order)), _ask(adapter, problem)
    _compare_updates(check_row_order, problem, got, expected)


def check_feature_order(adapter: Adapter, problem: Problem) -> None:
    """The gradient follows the order of the features.

    They are reversed, and so are the coefficients.
    """
    d = problem.X.shape[1]
    order = np.r_[d - 1 : -1 : -1, d]
    X, weights = problem.X[:, ::-1].copy(), _join(problem)[..., order]
    got = _ask(adapter, _move(problem, weights, X=X))
    got = got._replace(gradient=got.gradient[..., order])
    _compare_updates(check_feature_order, problem, got, _ask(adapter, problem))


def check_label_flips(adapter: Adapter, problem: Problem) -> None:
    """The gradient follows the labels.

    If two classes are exchanged and the coefficients change their sign, the gradient
    changes its sign. If each of more classes takes the label and the coefficients of the
    next, the rows of the gradient move on as well.
    """
    n_classes = max(2, np.size(problem.intercept))

    def relabel(weights, shift):
        return -weights if n_classes == 2 else np.roll(weights, shift, axis=0)

    labels = (problem.y + 1) % n_classes
    got = _ask(adapter, _move(problem, relabel(_join(problem), 1), y=labels))
    got = got._replace(gradient=relabel(got.gradient, -1))
    _compare_updates(check_label_flips, problem, got, _ask(adapter, problem))


def check_own_class(adapter: Adapter, problem: Problem) -> None:
    """From coefficients of 0 a row pulls the raw prediction of its own class up.

    It is the first row. All other laws hold as well for an adapter that mistakes every
    label for another in the same way.
    """
    row = _move(_take_rows(problem, [0]), 0 * _join(problem))
    slopes = _ask(adapter, row).gradient @ _append_ones(row.X)[0].astype(np.float64)
    # with two classes the only raw prediction is that of class 1, against class 0
    slope = slopes[row.y[0]] if slopes.ndim else (2 * row.y[0] - 1) * slopes
    if not slope <= 0:
        expected = "a derivative of at most 0 by that raw prediction"
        _fail(check_own_class.__doc__, row, expected, slope)


def check_constant_column(adapter: Adapter, problem: Problem) -> None:
    """A constant column pulls as the intercept does.

    It is a column of ones with a coefficient of 0.
    """
    d, (loss, gradient) = problem.X.shape[1], _ask(adapter, problem)
    weights = np.insert(_join(problem), d, 0, axis=-1)
    wider = _move(problem, weights, X=_append_ones(problem.X))
    expected = _Update(loss, np.insert(gradient, d, gradient[..., -1], axis=-1))
    _compare_updates(check_constant_column, wider, _ask(adapter, wider), expected)


def check_shards(adapter: Adapter, problem: Problem) -> None:
    """Gradients add up over shards: A + B and B + C are A + B + C and B.

    The rows are dealt to three shards. A part that does not depend on the rows, such as
    that of a weight decay, is on both sides twice.
    """
    shard = np.array(list("BAC"))[np.arange(len(problem.y)) % 3]
    if not problem.sample_weight[shard == "B"].any():
        return

    def add_updates(*unions):
        parts = [_take_rows(problem, np.isin(shard, list(union))) for union in unions]
        return _Update(
            *map(sum, zip(*(_ask(adapter, part) for part in parts), strict=True))
        )

    got, expected = add_updates("AB", "BC"), add_updates("ABC", "B")
    _compare_updates(check_shards, problem, got, expected)


def check_float32(adapter: Adapter, problem: Problem) -> None:
    """In float32 the loss and the gradient are those of float64.

    They are so within the rounding of float32.
    """
    single = _cast(problem, np.float32)
    if single.sample_weight.any():  # all may be too small for float32
        double = _cast(single, np.float64)
        got, expected = _ask(adapter, single), _ask(adapter, double)
        _compare_updates(check_float32, single, got, expected)


def check_inputs_untouched(adapter: Adapter, problem: Problem) -> None:
    """What is passed is not written to."""
    passed = copy.deepcopy(problem)
    adapter.loss(*passed)
    adapter.gradient(*passed)
    _step(adapter, passed, _choose_small_rate(problem), 2)
    for name, before, after in zip(problem._fields, problem, passed, strict=True):
        if not np.array_equal(before, after):
            _fail(check_inputs_untouched.__doc__, problem, f"{name} as it was", after)


def check_finite(adapter: Adapter, problem: Problem) -> None:
    """The loss and the gradient are finite where raw predictions are large.

    With coefficients 1024 times as large raw predictions are in the thousands, where a
    careless exponential overflows.
    """
    far = _move(problem, 1024 * _join(problem))
    for name, value in _ask(adapter, far)._asdict().items():
        if not np.isfinite(value).all():
            _fail(check_finite.__doc__, far, f"a finite {name}", value)


CHECKS: dict[str, Check] = {n: check for n, check in globals().items() if n in __all__}

# The first line of a docstring is the law. The rest is the same for all checks.
for _name, _check in CHECKS.items():
    _shared = str(Check.__doc__).partition("\n")[2].replace("check_shards", _name)
    _check.__doc__ = f"{_check.__doc__}\n{_shared}"


def _ask(adapter: Adapter, problem: Problem) -> _Update:
    loss, gradient = adapter.loss(*problem), adapter.gradient(*problem)
    if np.shape(loss) != ():
        _fail("The loss is a number.", problem, "a number", loss)
    return _Update(float(loss), _read_weights("gradient", problem, gradient))


def _step(adapter, problem, rate, n_steps):
    """Return the weights after some steps."""
    if (step := getattr(adapter, "step", None)) is not None:
        return _read_weights("step", problem, step(*problem, rate, n_steps))
    weights = _join(problem)
    for _ in range(n_steps):
        answer = adapter.gradient(*_move(problem, weights))
        weights = weights - rate * _read_weights("gradient", problem, answer)
    return weights


def _read_weights(name, problem, answer):
    """Return an answer as weights, or fail unless it has the shapes of those passed."""
    shapes = [np.shape(part) for part in problem[:2]]
    if isinstance(answer, tuple | list):
        parts = [np.asarray(part) for part in answer]
        if [part.shape for part in parts] == shapes:
            return _join(parts)
    law = f"The {name} has the shapes of coef and intercept."
    return _fail(law, problem, f"a pair of the shapes {shapes[0]} and {shapes[1]}", answer)


def _join(parts):
    """Return weights from coef and intercept, the first two parts."""
    coef, intercept = parts[:2]
    return np.concatenate([coef, np.asarray(intercept)[..., np.newaxis]], axis=-1)


def _move(problem: Problem, weights: Any, **changes: Any) -> Problem:
    """Return the problem with other weights, in its precision."""
    weights = weights.astype(problem.X.dtype)
    coef, intercept = weights[..., :-1].copy(), weights[..., -1].copy()
    intercept = intercept if intercept.ndim else intercept.item()
    return problem._replace(coef=coef, intercept=intercept, **changes)


def _take_rows(problem: Problem, rows: Any) -> Problem:
    X, y, sample_weight = (array[rows] for array in problem[2:])
    return problem._replace(X=X, y=y, sample_weight=sample_weight)


def _cast(problem: Problem, dtype: Any) -> Problem:
    X, weight = problem.X.astype(dtype), problem.sample_weight.astype(dtype)
    return _move(problem._replace(X=X, sample_weight=weight), _join(problem))


def _append_ones(X):
    return np.insert(X, X.shape[1], 1, axis=1)


def _choose_small_rate(problem):
    squares = np.square(_append_ones(problem.X), dtype=np.float64).sum(axis=1)
    return float(_SMALL_STEP / (1 + _bound_weight(problem) @ squares))


def _bound_weight(problem):
    """Return how much each row counts at most, in a sum over rows or in a mean."""
    weight = problem.sample_weight.astype(np.float64)
    return weight * max(1, 1 / weight.sum())


def _bound_rounding(problem, update=None):
    """Return by how much rounding may change an update, which is more if it is large."""
    loss, gradient = update or (0, 0)
    X = np.abs(_append_ones(problem.X).astype(np.float64))
    largest = np.abs(np.atleast_2d(_join(problem))).max(axis=0)
    row = _bound_weight(problem) * (1 + X @ largest)
    totals = row.sum() + np.abs(loss), row @ X + np.abs(gradient)
    return _Update(*(_round_off(problem, total) for total in totals))


def _round_off(problem, size):
    """Return by how much rounding may change numbers of a size, or underflow to 0."""
    info = np.finfo(problem.X.dtype)
    return _ROUNDING_UNITS * (float(info.tiny) + float(info.eps) * size)


def _compare_updates(check, problem, got, expected):
    bound = _bound_rounding(problem, expected)
    _compare(check, problem, "", got.loss, expected.loss, bound.loss)
    _compare(check, problem, "d_", got.gradient, expected.gradient, bound.gradient)


def _compare_steps(check, problem, got, expected, rate, update):
    """Compare the weights after some steps of a size."""
    by_gradient = rate * _bound_rounding(problem, update).gradient
    bound = _round_off(problem, np.abs(expected)) + by_gradient
    _compare(check, problem, "", got, expected, bound)


def _compare(check, problem, prefix, got, expected, bound):
    """Fail at the first number that differs by more than its bound."""
    got, expected, bound = np.broadcast_arrays(got, expected, bound)
    is_wrong = ~(np.abs(got - expected) <= bound)  # also if it is NaN
    for index in np.argwhere(is_wrong)[:1].tolist():
        at = tuple(index)
        if not index:
            name = "loss"
        elif index[-1] == problem.X.shape[1]:
            name = f"{prefix}intercept{index[:-1] or ''}"
        else:
            name = f"{prefix}coef{index}"
        told = f"{name} = {expected[at]:.10g} ± {bound[at]:.1g}"
        _fail(check.__doc__, problem, told, got[at])


def _fail(law: str | None, problem: Problem, expected: str, got: Any) -> NoReturn:
    law, _, _ = str(law).partition("\n")
    raise AssertionError(f"{law}\nexpected {expected}\ngot {got}\nat {problem!r}")
