"""All checks on an adapter, in one call or as tests of pytest."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import hypothesis
from hypothesis.strategies import SearchStrategy

from sk_neuron.testing._adapters import Adapter
from sk_neuron.testing._checks import CHECKS
from sk_neuron.testing._strategies import Problem, problems

Check = Callable[[Adapter, Problem], None]

_DEFAULT_PROBLEMS = problems()


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
        What is tested.

    problems : SearchStrategy of Problem, default=None
        What the checks are run on; ``problems()`` if None.

    skip : collection of str, default=()
        Names of checks to leave out.

    only : collection of str, default=None
        Names of checks to run; all if None.

    settings : hypothesis.settings, default=None
        How many problems to draw, and the like. If None, the profile that is loaded,
        without a deadline.

    Raises
    ------
    AssertionError
        If a check fails: its law, what was expected, what came, and the shrunk problem,
        which can be pasted.
    ValueError
        If there is no check of a name, or if none is left to run.
    TypeError
        If `skip`, `only` or `settings` is of another kind.

    Examples
    --------
    >>> from sk_neuron import SigmoidNeuronClassifier
    >>> from sk_neuron.testing import NeuronAdapter, check_gradient_updates
    >>> neuron = SigmoidNeuronClassifier(alpha=0.5)
    >>> check_gradient_updates(NeuronAdapter(neuron), only=["check_row_order"])
    """
    for check in _choose(skip, only):
        _draw(_bind(check, adapter), problems, settings)()


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
    It becomes a test of Hypothesis, so that `reproduce_failure`, `example` and `seed` go
    above it as they would elsewhere; settings are passed as `settings`.

    Parameters
    ----------
    adapters : iterable of Adapter
        What is tested.

    problems : SearchStrategy of Problem, default=None
        What the checks are run on; ``problems()`` if None.

    skip : collection of str, default=()
        Names of checks to leave out.

    only : collection of str, default=None
        Names of checks to run; all if None.

    settings : hypothesis.settings, default=None
        How many problems to draw, and the like. If None, the profile that is loaded,
        without a deadline, and with the text by which a failure is reproduced.

    Returns
    -------
    decorator : callable
        For a test with the arguments `adapter`, `check` and `problem`.

    Raises
    ------
    ValueError
        If there is no check of a name, or if none is left to run.
    TypeError
        If `skip`, `only` or `settings` is of another kind.
    ImportError
        If pytest is missing.

    Examples
    --------
    >>> from sk_neuron.testing import NeuronAdapter, parametrize_with_gradient_checks
    >>> @parametrize_with_gradient_checks([NeuronAdapter()], skip=["check_float32"])
    ... def test_gradient_updates(adapter, check, problem):
    ...     check(adapter, problem)
    """
    try:
        import pytest
    except ImportError as error:
        raise ImportError(
            "parametrize_with_gradient_checks needs pytest: pip install pytest"
        ) from error

    checks = _choose(skip, only)
    cases = [
        pytest.param(adapter, check, id=f"{check.__name__}-{_name(adapter)}")
        for adapter in adapters
        for check in checks
    ]
    settings = settings or hypothesis.settings(deadline=None, print_blob=True)

    def decorate(test: Callable[..., None]) -> Any:
        return pytest.mark.parametrize(("adapter", "check"), cases)(
            _draw(test, problems, settings)
        )

    return decorate


def _choose(skip: Collection[str], only: Collection[str] | None) -> list[Check]:
    """Return the checks to run."""
    names = [check.__name__ for check in CHECKS]
    for parameter, given in (("skip", skip), ("only", only)):
        if isinstance(given, str):
            raise TypeError(f"{parameter} must be a list of names. Got {given!r} instead.")
    skip, only = list(skip), names if only is None else list(only)
    for name in (*skip, *only):
        if name not in names:
            raise ValueError(f"There is no check {name!r}. There are {names}.")
    wanted = set(only) - set(skip)
    checks: list[Check] = [check for check in CHECKS if check.__name__ in wanted]
    if not checks:
        raise ValueError("No check is left to run.")
    return checks


def _name(adapter: Adapter) -> str:
    """Return a name for a test, the same in every process."""
    name = repr(adapter)
    return type(adapter).__name__ if " at 0x" in name else " ".join(name.split())[:80]


def _bind(check: Check, adapter: Adapter) -> Callable[[Problem], None]:
    def run(problem: Problem) -> None:
        check(adapter, problem)

    run.__name__ = check.__name__  # which the database of examples goes by
    return run


def _draw(
    test: Callable[..., None],
    strategy: SearchStrategy[Problem] | None,
    settings: hypothesis.settings | None,
) -> Any:
    """Return a test that draws its problem."""
    settings = settings or hypothesis.settings(deadline=None)
    if not isinstance(settings, hypothesis.settings):
        raise TypeError(f"settings must be hypothesis.settings. Got {settings!r} instead.")
    strategy = _DEFAULT_PROBLEMS if strategy is None else strategy
    return settings(hypothesis.given(problem=strategy)(test))
