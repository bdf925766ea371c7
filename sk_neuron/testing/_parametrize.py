"""Run all checks on an adapter, in one call or as tests of pytest."""

from collections.abc import Callable, Collection, Iterable
from itertools import product
from typing import Any

import hypothesis
from hypothesis.strategies import SearchStrategy

from sk_neuron.testing._adapters import Adapter
from sk_neuron.testing._checks import CHECKS
from sk_neuron.testing._strategies import Problem
from sk_neuron.testing._strategies import problems as draw_problems


def check_gradient_updates(
    adapter: Adapter,
    *,
    problems: SearchStrategy[Problem] | None = None,
    skip: Collection[str] = (),
    only: Collection[str] | None = None,
    settings: hypothesis.settings | None = None,
) -> None:
    """Run all checks on an adapter.

    Parameters
    ----------
    adapter : Adapter
        The adapter to test.

    problems : SearchStrategy of Problem, default=None
        The problems on which the checks run. If None, ``problems()``.

    skip : collection of str, default=()
        Names of checks to leave out.

    only : collection of str, default=None
        Names of checks to run; all if None.

    settings : hypothesis.settings, default=None
        The settings of Hypothesis, such as the number of problems. If None, the profile
        that is loaded, without a deadline.

    Raises
    ------
    AssertionError
        If a check fails: with its law, the expected and the actual value, and the shrunk
        problem as code.
    ValueError
        If a name is not that of a check, or if no check is left to run.
    TypeError
        If `skip` or `only` is a string, or if `settings` is not `hypothesis.settings`.

    Examples
    --------
    >>> from sk_neuron import SigmoidNeuronClassifier
    >>> from sk_neuron.testing import NeuronAdapter, check_gradient_updates
    >>> neuron = SigmoidNeuronClassifier(alpha=0.5)
    >>> check_gradient_updates(NeuronAdapter(neuron), only=["check_row_order"])
    """
    settings = settings or hypothesis.settings(deadline=None)
    for check in _choose_checks(skip, only):
        _draw_problem(check, problems, settings)(adapter)


def parametrize_with_gradient_checks(
    adapters: Iterable[Adapter],
    *,
    problems: SearchStrategy[Problem] | None = None,
    skip: Collection[str] = (),
    only: Collection[str] | None = None,
    settings: hypothesis.settings | None = None,
) -> Callable[[Callable[..., None]], Any]:
    """Return a decorator that makes a test run all checks on some adapters, by pytest.

    The test takes `adapter`, `check` and `problem`, and calls ``check(adapter, problem)``.
    It becomes a test of Hypothesis, whose decorators `reproduce_failure`, `example` and
    `seed` may be written above this one; its settings are passed as `settings`.

    Parameters
    ----------
    adapters : iterable of Adapter
        The adapters to test.

    problems : SearchStrategy of Problem, default=None
        The problems on which the checks run. If None, ``problems()``.

    skip : collection of str, default=()
        Names of checks to leave out.

    only : collection of str, default=None
        Names of checks to run; all if None.

    settings : hypothesis.settings, default=None
        The settings of Hypothesis, such as the number of problems. If None, the profile
        that is loaded, without a deadline, and with the line that reproduces a failure.

    Returns
    -------
    decorator : callable
        For a test with the arguments `adapter`, `check` and `problem`.

    Raises
    ------
    ValueError
        If a name is not that of a check, or if no check is left to run.
    TypeError
        If `skip` or `only` is a string, or if `settings` is not `hypothesis.settings`.
    ImportError
        If pytest is missing.

    Examples
    --------
    >>> from sk_neuron.testing import NeuronAdapter, parametrize_with_gradient_checks
    >>> @parametrize_with_gradient_checks([NeuronAdapter()], skip=["check_float32"])
    ... def test_gradient_updates(adapter, check, problem):
    ...     check(adapter, problem)
    """
    import pytest  # which nothing else needs

    settings = settings or hypothesis.settings(deadline=None, print_blob=True)
    cases = [
        pytest.param(adapter, check, id=f"{check.__name__}-{_name(adapter)}")
        for adapter, check in product(adapters, _choose_checks(skip, only))
    ]

    def decorate(test: Callable[..., None]) -> Any:
        test = _draw_problem(test, problems, settings)
        return pytest.mark.parametrize(("adapter", "check"), cases)(test)

    return decorate


def _choose_checks(skip, only):
    for parameter, names in (("skip", skip), ("only", only)):
        if isinstance(names, str):
            raise TypeError(f"{parameter} must be a list of names. Got {names!r} instead.")
    skip, only = list(skip), list(CHECKS if only is None else only)
    for name in (*skip, *only):
        if name not in CHECKS:
            raise ValueError(f"There is no check {name!r}. There are {list(CHECKS)}.")
    chosen = [CHECKS[name] for name in CHECKS if name in only and name not in skip]
    if not chosen:
        raise ValueError("No check is left to run.")
    return chosen


def _name(adapter):
    """Return a name for a test that is the same in every process."""
    name = repr(adapter)
    return type(adapter).__name__ if " at 0x" in name else " ".join(name.split())[:80]


def _draw_problem(test, strategy, settings):
    """Return the test as one for which Hypothesis draws the problem."""
    if not isinstance(settings, hypothesis.settings):
        raise TypeError(f"settings must be hypothesis.settings. Got {settings!r} instead.")
    strategy = draw_problems() if strategy is None else strategy
    return settings(hypothesis.given(problem=strategy)(test))
