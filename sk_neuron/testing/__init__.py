"""Property-based tests of gradient updates, for any estimator trained by gradient steps.

Hypothesis draws whole classification problems (`problems`). An adapter returns the loss and
the gradient of an estimator, or of two functions, at the coefficients of a problem
(`Adapter`). Checks compare them with the laws of gradient descent, as
`parametrize_with_checks` of scikit-learn compares estimators with its interface::

    from sk_neuron.testing import FunctionAdapter, parametrize_with_gradient_checks

    @parametrize_with_gradient_checks([FunctionAdapter(loss, gradient)])
    def test_gradient_updates(adapter, check, problem):
        check(adapter, problem)

Hypothesis is needed: ``pip install sk-neuron[testing]``.
"""

from sk_neuron.testing._strategies import Problem, coefs, problems  # says what to install

# isort: split
from sk_neuron.testing import _checks
from sk_neuron.testing._adapters import (
    Adapter,
    FunctionAdapter,
    MLPAdapter,
    NeuronAdapter,
    SGDAdapter,
)
from sk_neuron.testing._checks import *  # noqa: F403
from sk_neuron.testing._parametrize import (
    check_gradient_updates,
    parametrize_with_gradient_checks,
)

__all__ = [
    "Adapter",
    "FunctionAdapter",
    "MLPAdapter",
    "NeuronAdapter",
    "Problem",
    "SGDAdapter",
    "check_gradient_updates",
    "coefs",
    "parametrize_with_gradient_checks",
    "problems",
]
__all__ += _checks.__all__

# Pickles and lists of trusted types keep the public name when code moves.
for _name in __all__:
    globals()[_name].__module__ = __name__
