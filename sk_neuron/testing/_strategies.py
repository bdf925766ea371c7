"""Strategies of Hypothesis for whole classification problems and for coefficients."""

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

try:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp
except ImportError as error:
    raise ImportError(
        "sk_neuron.testing needs Hypothesis: pip install sk-neuron[testing]"
    ) from error


# Smaller numbers are replaced by 0.
_TINY = 2.0**-40


class Problem(NamedTuple):
    """Coefficients to start from, and rows to train on.

    They are the arguments of an adapter's methods: ``adapter.loss(*problem)``. The
    representation of a problem is code that builds it again.

    Attributes
    ----------
    coef : ndarray of shape (n_features,) or (n_classes, n_features)
        The coefficients to start from: one row for two classes, for more a row for each
        class.

    intercept : float or ndarray of shape (n_classes,)
        The intercepts to start from.

    X : ndarray of shape (n_samples, n_features)
        The rows, in float64 or float32.

    y : ndarray of shape (n_samples,)
        The class of each row, an integer from 0 to n_classes - 1.

    sample_weight : ndarray of shape (n_samples,)
        The weight of each row, 0 or more.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import Problem
    >>> Problem(np.zeros(1), 0.0, np.ones((2, 1)), np.array([0, 1]), np.ones(2))
    Problem(
        coef=np.array([0.0]),
        intercept=0.0,
        X=np.array([[1.0], [1.0]]),
        y=np.array([0, 1]),
        sample_weight=np.array([1.0, 1.0]),
    )
    """

    coef: NDArray[Any]
    intercept: Any
    X: NDArray[Any]
    y: NDArray[Any]
    sample_weight: NDArray[Any]

    def __repr__(self) -> str:
        lines = (f"    {name}={_write(a)},\n" for name, a in self._asdict().items())
        return f"Problem(\n{''.join(lines)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # else Hypothesis would print a tuple


def _write(value: Any) -> str:
    """Return code that makes an array or a number."""
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array.item())
    dtype = f", np.{array.dtype}" if array.dtype == np.float32 else ""
    return f"np.array({array.tolist()}{dtype})"


def problems(
    *,
    dtype: DTypeLike = np.float64,
    n_rows: tuple[int, int] = (2, 10),
    n_features: tuple[int, int] = (1, 4),
    n_classes: tuple[int, int] = (2, 3),
    scale: float = 8.0,
    coef_scale: float = 2.0,
    weights: st.SearchStrategy[float] | None = None,
    sparse: bool = True,
    duplicates: bool = True,
    constant_columns: bool = True,
    conditioning: float = 2.0**10,
) -> st.SearchStrategy[Problem]:
    """Return a strategy for whole classification problems.

    They shrink to the fewest rows, features and classes, and to small integers. Nothing is
    filtered out. Every class has a row, and the weight of the first row is positive. There
    are no values between 0 and 2**-40 in size, so that products do not underflow in
    float32.

    Parameters
    ----------
    dtype : {np.float64, np.float32}, default=np.float64
        The precision of `X`, of the weights of the rows and of the coefficients.

    n_rows : tuple of int, default=(2, 10)
        The smallest and the largest number of rows; there is one or more for each class.

    n_features : tuple of int, default=(1, 4)
        The smallest and the largest number of features, 1 or more.

    n_classes : tuple of int, default=(2, 3)
        The smallest and the largest number of classes, 2 or more.

    scale : float, default=8.0
        The values of `X` are in [-scale, scale], but those of a nearly collinear column
        are in [-2 * scale, 2 * scale].

    coef_scale : float, default=2.0
        The coefficients and the intercept are in [-coef_scale, coef_scale].

    weights : SearchStrategy, default=None
        The strategy for the weight of a row: finite, 0 or more. If None, numbers in
        [0, 8]. In the first row a 0 is replaced by 1.

    sparse : bool, default=True
        Whether some `X` consist mostly of zeros.

    duplicates : bool, default=True
        Whether some `X` repeat rows, perhaps with other labels.

    constant_columns : bool, default=True
        Whether some `X` have a constant column.

    conditioning : float, default=1024.0
        In some `X` of two or more features the last column is the first one plus
        1 / conditioning times values of its own. With 1 there are no such `X`.

    Returns
    -------
    strategy : SearchStrategy of Problem
        The strategy.

    Raises
    ------
    ValueError
        If a range is empty or begins too low, if there may be more classes than rows, if
        `dtype` or a scale is not valid, or if a weight that was drawn is not finite or
        below 0.

    Examples
    --------
    >>> from hypothesis import find
    >>> from sk_neuron.testing import problems
    >>> find(problems(), lambda problem: True)
    Problem(
        coef=np.array([0.0]),
        intercept=0.0,
        X=np.array([[0.0], [0.0]]),
        y=np.array([0, 1]),
        sample_weight=np.array([1.0, 0.0]),
    )
    """
    _check_range("n_rows", n_rows, 2)
    _check_range("n_features", n_features, 1)
    _check_range("n_classes", n_classes, 2)
    if n_classes[1] > n_rows[1]:
        raise ValueError(f"n_classes={n_classes} needs more rows than n_rows={n_rows}.")
    if not conditioning >= 1:
        raise ValueError(f"conditioning must be 1 or more. Got {conditioning} instead.")
    _check_scale("scale", scale, dtype)
    _check_scale("coef_scale", coef_scale, dtype)
    values = _floats(-scale, scale, dtype)
    if weights is None:
        weights = _floats(0, 8, dtype)

    @st.composite
    def draw_problem(draw: st.DrawFn) -> Problem:
        k = draw(st.integers(*n_classes))
        n = draw(st.integers(max(k, n_rows[0]), n_rows[1]))
        d = draw(st.integers(*n_features))
        # An option that is on draws at least as much as one that is off: the shortest
        # draws are the simplest for Hypothesis, so failures shrink to plain problems.
        X = draw(_arrays(dtype, (n, d), values))
        if sparse and draw(st.booleans()):
            X *= draw(hnp.arrays(bool, (n, d)))
        if conditioning > 1 and d > 1 and draw(st.booleans()):
            X[:, -1] = X[:, 0] + X[:, -1] / conditioning
        if constant_columns and draw(st.booleans()):
            X[:, draw(st.integers(0, d - 1))] = draw(values)
        if duplicates and draw(st.booleans()):
            X = X[draw(_arrays(int, n, st.integers(0, n - 1)))]
        rest = draw(_arrays(int, n - k, st.integers(0, k - 1)))
        y = np.concatenate([np.arange(k), rest])[draw(st.permutations(range(n)))]
        sample_weight = draw(_arrays(dtype, n, weights))
        if not (np.isfinite(sample_weight) & (sample_weight >= 0)).all():
            raise ValueError(f"weights must be finite, 0 or more. Got {sample_weight}.")
        sample_weight[0] = sample_weight[0] or 1
        coef, intercept = draw(coefs(d, k, dtype=dtype, scale=coef_scale))
        return Problem(coef, intercept, X, y, sample_weight)

    return draw_problem()


def coefs(
    n_features: int,
    n_classes: int = 2,
    *,
    dtype: DTypeLike = np.float64,
    scale: float = 2.0,
) -> st.SearchStrategy[tuple[NDArray[Any], Any]]:
    """Return a strategy for coefficients and intercepts.

    Parameters
    ----------
    n_features : int
        The number of features, 1 or more.

    n_classes : int, default=2
        The number of classes, 2 or more.

    dtype : {np.float64, np.float32}, default=np.float64
        The precision.

    scale : float, default=2.0
        They are in [-scale, scale].

    Returns
    -------
    strategy : SearchStrategy of (coef, intercept)
        For two classes `coef` is (n_features,) and `intercept` a float; for more they are
        (n_classes, n_features) and (n_classes,).

    Raises
    ------
    ValueError
        If `n_features`, `n_classes`, `dtype` or `scale` is not valid.

    Examples
    --------
    >>> from hypothesis import find
    >>> from sk_neuron.testing import coefs
    >>> find(coefs(2), lambda start: start[1] > 0.7)
    (array([0., 0.]), 1.0)
    """
    _check_range("n_features", (n_features, n_features), 1)
    _check_range("n_classes", (n_classes, n_classes), 2)
    _check_scale("scale", scale, dtype)
    values = _floats(-scale, scale, dtype)
    if n_classes == 2:
        return st.tuples(_arrays(dtype, n_features, values), values)
    shape = n_classes, n_features
    return st.tuples(_arrays(dtype, shape, values), _arrays(dtype, n_classes, values))


def _check_range(name: str, given: Any, least: int) -> None:
    ends = given if isinstance(given, tuple) else ()
    are_integers = len(ends) == 2 and all(isinstance(end, Integral) for end in ends)
    if not (are_integers and least <= ends[0] <= ends[1]):
        raise ValueError(
            f"{name} must be a pair of integers, {least} <= low <= high. "
            f"Got {given!r} instead."
        )


def _check_scale(name: str, scale: Any, dtype: Any) -> None:
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"dtype must be np.float64 or np.float32. Got {dtype!r} instead.")
    if not (isinstance(scale, int | float) and 0 < scale < np.inf):
        raise ValueError(f"{name} must be a positive number. Got {scale!r} instead.")


def _arrays(dtype: Any, shape: Any, values: Any) -> Any:
    return hnp.arrays(dtype, shape, elements=values, fill=st.nothing())


def _floats(low: float, high: float, dtype: Any) -> st.SearchStrategy[float]:
    """Return a strategy for floats in a range, without tiny ones."""
    ends = (float(np.dtype(dtype).type(end)) for end in (low, high))
    width: Any = np.dtype(dtype).itemsize * 8
    return st.floats(*ends, width=width).map(lambda v: v if abs(v) >= _TINY else 0.0)
