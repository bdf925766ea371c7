"""The laws of gradient updates, each as ``check_*(adapter, problem)``.

A check asks an adapter at a problem, and raises an AssertionError that tells the law, what
was expected, what came and the problem, as code that makes it again. Numbers are to agree
up to rounding: to so many units in the last place of Σ s (1 + |x| · |w| + |b|), for the
derivative by a coefficient times |x|. That suits losses which are a sum or a weighted mean
over rows and whose first two derivatives in the raw predictions x · w + b are at most about
1, as they are for the squared error of a sigmoid or a softmax and for the log loss.
"""

from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from sk_neuron.testing._adapters import Adapter, Coefs
from sk_neuron.testing._strategies import Problem

# What rounding may change, in units in the last place.
_UNITS = 64

# A step is small if it is so much shorter than 1 / (1 + Σ s (1 + |x|²)), which is no longer
# than 1 / L for these losses with a weight decay up to 1.
_SMALL = 2.0**-6


class _Update(NamedTuple):
    """What an adapter answers, or how far from it is rounding."""

    loss: Any
    d_coef: Any
    d_intercept: Any


def check_finite_differences(adapter: Adapter, problem: Problem) -> None:
    """Check that the gradient is that of the loss, by five-point differences.

    The stencil is so wide that raw predictions move by up to ``eps ** 0.2``, where rounding
    and its own error are about equal. The bound is the difference to a stencil twice as
    wide, and what rounding makes of the losses.
    """
    law = "The gradient is that of the loss, as finite differences have it."
    found = _ask(adapter, problem)
    rounding = _bound_rounding(problem).loss
    largest = np.abs(problem.X).max(axis=0, initial=1)
    reach = float(np.finfo(problem.X.dtype).eps ** 0.2)
    for name, got in (("coef", found.d_coef), ("intercept", found.d_intercept)):
        for index in np.ndindex(np.shape(getattr(problem, name))):
            h = reach / largest[index[-1]] if name == "coef" else reach
            loss = {
                k: adapter.loss(*_shift(problem, name, index, k * h))
                for k in (-4, -2, -1, 1, 2, 4)
            }
            near, far = (
                (8 * (loss[k] - loss[-k]) - (loss[2 * k] - loss[-2 * k])) / (12 * k * h)
                for k in (1, 2)
            )
            bound = abs(near - far) + 2 * rounding / h
            label = f"d_{name}{list(index) or ''}"
            _compare(law, problem, label, np.asarray(got)[index], near, bound)


def check_small_step(adapter: Adapter, problem: Problem) -> None:
    """Check that a small step lowers the loss.

    The descent lemma promises a fall by almost the step size times the square of the
    gradient. Half of that is asked for.
    """
    law = "A small step lowers the loss."
    before, rate = _ask(adapter, problem), _choose_small_rate(problem)
    after = adapter.loss(*_move(problem, _step(adapter, problem, rate, 1)))
    slope = np.square(before.d_coef).sum() + np.square(before.d_intercept).sum()
    limit = before.loss - rate * slope / 2
    if not after <= limit + _bound_rounding(problem, before).loss:
        _fail(law, problem, f"a loss of at most {limit!r} after a step of {rate!r}", after)


def check_step_follows_gradient(adapter: Adapter, problem: Problem) -> None:
    """Check that a step goes against the gradient, learning_rate times as far.

    It holds by itself for an adapter without a `step`.
    """
    law = "A step goes against the gradient, learning_rate times as far."
    _, d_coef, d_intercept = update = _ask(adapter, problem)
    for rate in (_choose_small_rate(problem), 1.0):
        expected = problem.coef - rate * d_coef, problem.intercept - rate * d_intercept
        got = _step(adapter, problem, rate, 1)
        _compare_coefs(law, problem, got, expected, rate, update)


def check_steps_add_up(adapter: Adapter, problem: Problem) -> None:
    """Check that two steps and then three are five: nothing is kept but the coefficients.

    It holds by itself for an adapter without a `step`.
    """
    law = "Two steps and then three are five steps."
    rate = _choose_small_rate(problem)
    on_the_way = _move(problem, _step(adapter, problem, rate, 2))
    got, expected = _step(adapter, on_the_way, rate, 3), _step(adapter, problem, rate, 5)
    _compare_coefs(law, problem, got, expected, rate, _ask(adapter, problem))


def check_descent(adapter: Adapter, problem: Problem) -> None:
    """Check that an optimiser never raises the loss, if it declares so.

    That is one with the method `descend`: after 1, 2, 3, 5, 8 and 13 of its steps the loss
    is to be no larger than before, but for rounding. It holds by itself for an adapter
    without.
    """
    law = "No step of a monotone optimiser raises the loss."
    descend = getattr(adapter, "descend", None)
    if descend is None:
        return
    before, n_before = adapter.loss(*problem), 0
    for n_steps in (1, 2, 3, 5, 8, 13):
        point = _move(problem, _read_coefs("descent", problem, descend(*problem, n_steps)))
        after = adapter.loss(*point)
        bound = before + _bound_rounding(point, _Update(before, 0, 0)).loss
        if not after <= bound:
            times = f"{n_steps} steps, where {n_before} had {before!r}"
            _fail(law, problem, f"a loss of at most {bound!r} after {times}", after)
        before, n_before = after, n_steps


def check_weight_two(adapter: Adapter, problem: Problem) -> None:
    """Check that a weight twice as large is the row twice, for every other row."""
    law = "Twice the weight is the row twice."
    _, _, X, y, weight = problem
    heavy = weight.copy()
    heavy[::2] *= 2
    twice = problem._replace(
        X=np.concatenate([X, X[::2]]),
        y=np.concatenate([y, y[::2]]),
        sample_weight=np.concatenate([weight, weight[::2]]),
    )
    got = _ask(adapter, problem._replace(sample_weight=heavy))
    _compare_updates(law, problem, got, _ask(adapter, twice))


def check_weight_zero(adapter: Adapter, problem: Problem) -> None:
    """Check that a weight of zero takes the row out, for every other row."""
    law = "A weight of zero is the row left out."
    _, _, X, y, weight = problem
    light = weight.copy()
    light[1::2] = 0
    if not light.any():
        return
    gone = problem._replace(X=X[::2], y=y[::2], sample_weight=weight[::2])
    got = _ask(adapter, problem._replace(sample_weight=light))
    _compare_updates(law, problem, got, _ask(adapter, gone))


def check_row_order(adapter: Adapter, problem: Problem) -> None:
    """Check that the order of the rows does not matter, by reversing it."""
    law = "The order of the rows does not matter."
    _, _, X, y, weight = problem
    turned = problem._replace(X=X[::-1], y=y[::-1], sample_weight=weight[::-1])
    _compare_updates(law, problem, _ask(adapter, turned), _ask(adapter, problem))


def check_feature_order(adapter: Adapter, problem: Problem) -> None:
    """Check that the gradient follows the features when their order is reversed."""
    law = "The gradient follows the order of the features."
    turned = problem._replace(coef=problem.coef[..., ::-1], X=problem.X[:, ::-1])
    loss, d_coef, d_intercept = _ask(adapter, problem)
    expected = _Update(loss, d_coef[..., ::-1], d_intercept)
    _compare_updates(law, turned, _ask(adapter, turned), expected)


def check_label_flips(adapter: Adapter, problem: Problem) -> None:
    """Check that the gradient follows the labels.

    Two classes change places, and the start its sign: the gradient changes its sign. More
    classes move on by one, and the start with them.
    """
    law = "The gradient follows the labels."
    coef, intercept, _, y, _ = problem
    loss, d_coef, d_intercept = _ask(adapter, problem)
    if coef.ndim == 1:
        flipped = problem._replace(coef=-coef, intercept=-intercept, y=1 - y)
        expected = _Update(loss, -d_coef, -d_intercept)
    else:
        flipped = problem._replace(
            coef=np.roll(coef, 1, axis=0),
            intercept=np.roll(intercept, 1),
            y=(y + 1) % len(coef),
        )
        expected = _Update(loss, np.roll(d_coef, 1, axis=0), np.roll(d_intercept, 1))
    _compare_updates(law, flipped, _ask(adapter, flipped), expected)


def check_own_class(adapter: Adapter, problem: Problem) -> None:
    """Check that a row pulls its own class up, by the first row and from coefficients of 0.

    The other laws hold as well where all labels are taken for others in the same way.
    """
    law = "From coefficients of 0 a row pulls the raw prediction of its own class up."
    coef, intercept, X, y, weight = problem
    row = Problem(0 * coef, 0 * intercept, X[:1], y[:1], weight[:1])
    update = _ask(adapter, row)
    d_coef, d_intercept = np.atleast_2d(update.d_coef), np.ravel(update.d_intercept)
    # a single column is that of class 1, and against class 0
    sign, column = (1, y[0]) if coef.ndim > 1 else (2 * y[0] - 1, 0)
    slope = sign * (d_coef[column] @ X[0].astype(np.float64) + d_intercept[column])
    if not slope <= 0:
        _fail(law, row, "a derivative of at most 0 by that raw prediction", slope)


def check_constant_column(adapter: Adapter, problem: Problem) -> None:
    """Check that a column of ones with a coefficient of 0 pulls as the intercept does."""
    law = "A constant column pulls as the intercept does."
    coef, _, X, _, _ = problem
    zeros, ones = np.zeros_like(coef[..., :1]), np.ones_like(X[:, :1])
    wider = problem._replace(
        coef=np.concatenate([coef, zeros], axis=-1), X=np.hstack([X, ones])
    )
    loss, d_coef, d_intercept = _ask(adapter, problem)
    more = np.reshape(d_intercept, zeros.shape)
    expected = _Update(loss, np.concatenate([d_coef, more], axis=-1), d_intercept)
    _compare_updates(law, wider, _ask(adapter, wider), expected)


def check_shards(adapter: Adapter, problem: Problem) -> None:
    """Check that updates are additive over shards of the rows.

    The rows are dealt to three shards, A, B and C: the gradients on A + B and B + C
    together are those on A + B + C and B. So a part that does not depend on the rows, such
    as that of a weight decay, is on both sides twice.
    """
    law = "Gradients add up over shards: A + B and B + C are A + B + C and B."
    shard = np.arange(len(problem.y)) % 3
    if not problem.sample_weight[shard == 0].any():
        return

    def ask(*shards: int) -> _Update:
        rows = np.isin(shard, shards)
        _, _, X, y, weight = problem
        some = problem._replace(X=X[rows], y=y[rows], sample_weight=weight[rows])
        return _ask(adapter, some)

    middle, whole, left, right = ask(0), ask(0, 1, 2), ask(0, 1), ask(0, 2)
    got = _Update(*(a + b for a, b in zip(left, right, strict=True)))
    expected = _Update(*(a + b for a, b in zip(whole, middle, strict=True)))
    _compare_updates(law, problem, got, expected)


def check_float32(adapter: Adapter, problem: Problem) -> None:
    """Check that float32 follows float64, as far as its digits go."""
    law = "In float32 come the loss and the gradient of float64."
    single = _cast(problem, np.float32)
    if not single.sample_weight.any():  # none is so large as to be a float32
        return
    double = _cast(single, np.float64)
    _compare_updates(law, single, _ask(adapter, single), _ask(adapter, double))


def check_inputs_untouched(adapter: Adapter, problem: Problem) -> None:
    """Check that no array passed is written to."""
    mine = Problem(*(np.array(a) if np.ndim(a) else a for a in problem))
    adapter.loss(*mine)
    adapter.gradient(*mine)
    _step(adapter, mine, _choose_small_rate(problem), 2)
    for name, before, after in zip(problem._fields, problem, mine, strict=True):
        if not np.array_equal(before, after):
            law = "What is passed is not written to."
            _fail(law, problem, f"{name} as it was", after)


def check_finite(adapter: Adapter, problem: Problem) -> None:
    """Check that finite numbers give finite numbers, with coefficients 1024 times as large.

    Then the raw predictions are in the thousands, where a careless exponential overflows.
    """
    law = "The loss and the gradient are finite where raw predictions are large."
    far = problem._replace(coef=problem.coef * 1024, intercept=problem.intercept * 1024)
    for name, value in _ask(adapter, far)._asdict().items():
        if not np.isfinite(value).all():
            _fail(law, far, f"a finite {name}", value)


CHECKS = (
    check_finite_differences,
    check_small_step,
    check_step_follows_gradient,
    check_steps_add_up,
    check_descent,
    check_weight_two,
    check_weight_zero,
    check_row_order,
    check_feature_order,
    check_label_flips,
    check_own_class,
    check_constant_column,
    check_shards,
    check_float32,
    check_inputs_untouched,
    check_finite,
)

# What all checks take and raise is told once.
for check in CHECKS:
    check.__doc__ = f"""{check.__doc__}

    Parameters
    ----------
    adapter : Adapter
        What is tested.

    problem : Problem
        The coefficients and the rows at which the law is to hold.

    Raises
    ------
    AssertionError
        If it does not: with what was expected, what came, and the problem as code.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import NeuronAdapter, Problem, {check.__name__}
    >>> problem = Problem(
    ...     coef=np.array([0.5]),
    ...     intercept=0.0,
    ...     X=np.array([[1.0], [2.0], [-1.0]]),
    ...     y=np.array([0, 1, 0]),
    ...     sample_weight=np.array([1.0, 2.0, 1.0]),
    ... )
    >>> {check.__name__}(NeuronAdapter(), problem)
    """


def _ask(adapter: Adapter, problem: Problem) -> _Update:
    # Not as views with negative strides, which some libraries refuse.
    problem = Problem(*(np.ascontiguousarray(a) if np.ndim(a) else a for a in problem))
    loss, gradient = adapter.loss(*problem), adapter.gradient(*problem)
    if np.shape(loss) != ():
        _fail("The loss is a number.", problem, "a number", loss)
    return _Update(float(loss), *_read_coefs("gradient", problem, gradient))


def _read_coefs(name: str, problem: Problem, answer: Any) -> Coefs:
    """Return the two parts of an answer as arrays, or fail if they have other shapes."""
    law = f"The {name} has the shapes of coef and intercept."
    shapes = np.shape(problem.coef), np.shape(problem.intercept)
    expected = f"a pair of the shapes {shapes[0]} and {shapes[1]}"
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        _fail(law, problem, expected, answer)
    coef, intercept = map(np.asarray, answer)
    if (coef.shape, intercept.shape) != shapes:
        _fail(law, problem, expected, answer)
    return coef, intercept if intercept.ndim else intercept.item()


def _step(adapter: Adapter, problem: Problem, rate: float, n_steps: int) -> Coefs:
    """Return coef and intercept after some steps."""
    step = getattr(adapter, "step", None)
    if step is not None:
        return _read_coefs("step", problem, step(*problem, rate, n_steps))
    coef, intercept, *rows = problem
    for _ in range(n_steps):
        answer = adapter.gradient(coef, intercept, *rows)
        d_coef, d_intercept = _read_coefs("gradient", problem, answer)
        coef, intercept = coef - rate * d_coef, intercept - rate * d_intercept
    return coef, intercept


def _move(problem: Problem, start: Coefs) -> Problem:
    return problem._replace(coef=start[0], intercept=start[1])


def _shift(problem: Problem, name: str, index: Any, by: float) -> Problem:
    """Return the problem with one of its coefficients, or intercepts, moved."""
    shifted = np.array(getattr(problem, name))
    shifted[index] += by
    return problem._replace(**{name: shifted if shifted.ndim else shifted.item()})


def _cast(problem: Problem, dtype: Any) -> Problem:
    coef, intercept, X, y, weight = problem
    intercept = np.asarray(intercept).astype(dtype)
    intercept = intercept if intercept.ndim else intercept.item()
    return Problem(coef.astype(dtype), intercept, X.astype(dtype), y, weight.astype(dtype))


def _choose_small_rate(problem: Problem) -> float:
    squares = np.square(problem.X, dtype=np.float64).sum(axis=1)
    return float(_SMALL / (1 + _bound_weight(problem) @ (1 + squares)))


def _bound_weight(problem: Problem) -> NDArray[np.float64]:
    """Return how much each row counts at most, in a sum over rows or in a mean."""
    weight = problem.sample_weight.astype(np.float64)
    return weight * max(1, 1 / weight.sum())


def _bound_rounding(problem: Problem, size: Any = (0, 0, 0)) -> _Update:
    """Return how far rounding may lead, in an update of such a size."""
    coef, intercept, X, _, _ = problem
    eps = _UNITS * float(np.finfo(X.dtype).eps)
    w, b = np.abs(np.atleast_2d(coef)).max(axis=0), np.abs(intercept).max()
    distance = np.abs(X.astype(np.float64))
    row = _bound_weight(problem) * (1 + distance @ w + b)
    total = row.sum(), row @ distance, row.sum()
    tiny = _UNITS * float(np.finfo(X.dtype).tiny)  # where digits are lost to underflow
    return _Update(
        *(tiny + eps * (a + np.abs(b)) for a, b in zip(total, size, strict=True))
    )


def _compare_updates(law: str, problem: Problem, got: _Update, expected: _Update) -> None:
    rounding = _bound_rounding(problem, expected)
    for name, *values in zip(_Update._fields, got, expected, rounding, strict=True):
        _compare(law, problem, str(name), *values)


def _compare_coefs(
    law: str, problem: Problem, got: Coefs, expected: Coefs, rate: float, update: _Update
) -> None:
    """Compare where steps of this size led."""
    eps = _UNITS * float(np.finfo(problem.X.dtype).eps)
    _, *rounding = _bound_rounding(problem, update)
    for name, g, e, r in zip(("coef", "intercept"), got, expected, rounding, strict=True):
        _compare(law, problem, name, g, e, eps * np.abs(e) + rate * r)


def _compare(
    law: str, problem: Problem, name: str, got: Any, expected: Any, bound: Any
) -> None:
    """Raise an error at the first number that differs by more than a bound."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        _fail(law, problem, f"{name} of the shape {expected.shape}", got)
    wrong = ~(np.abs(got - expected) <= bound)  # so that NaN is wrong
    for index in map(tuple, np.argwhere(wrong)[:1]):
        at = f"[{', '.join(map(str, index))}]" if index else ""
        limit = np.broadcast_to(bound, got.shape)[index]
        _fail(law, problem, f"{name}{at} = {_write(expected[index], limit)}", got[index])


def _write(value: Any, bound: Any) -> str:
    """Return a number up to its bound."""
    if 0 < bound < np.inf:
        value = np.round(float(value), min(300, 1 - int(np.floor(np.log10(bound)))))
    return f"{value} ± {bound:.1g}"


def _fail(law: str, problem: Problem, expected: str, got: Any) -> NoReturn:
    raise AssertionError(f"{law}\nexpected {expected}\ngot {got}\nat {problem!r}")
