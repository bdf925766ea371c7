"""Property-based tests of gradient updates, for any estimator trained by gradient steps.

Hypothesis draws whole classification problems (`problems`), an adapter tells the loss and
the gradient of an estimator or of two functions at coefficients of the problem (`Adapter`),
and checks hold them to the laws of gradient descent, as `parametrize_with_checks` of
scikit-learn holds estimators to its interface::

    from sk_neuron.testing import FunctionAdapter, parametrize_with_gradient_checks

    @parametrize_with_gradient_checks([FunctionAdapter(loss, gradient)])
    def test_gradient_updates(adapter, check, problem):
        check(adapter, problem)

Hypothesis is needed: ``pip install sk-neuron[testing]``.
"""

from sk_neuron.testing._strategies import Problem, coefs, problems  # says what to install

# isort: split
from sk_neuron.testing._adapters import (
    Adapter,
    FunctionAdapter,
    MLPAdapter,
    NeuronAdapter,
    SGDAdapter,
)
from sk_neuron.testing._checks import (
    check_constant_column,
    check_descent,
    check_feature_order,
    check_finite,
    check_finite_differences,
    check_float32,
    check_inputs_untouched,
    check_label_flips,
    check_own_class,
    check_row_order,
    check_shards,
    check_small_step,
    check_step_follows_gradient,
    check_steps_add_up,
    check_weight_two,
    check_weight_zero,
)
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
    "check_constant_column",
    "check_descent",
    "check_feature_order",
    "check_finite",
    "check_finite_differences",
    "check_float32",
    "check_gradient_updates",
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
    "coefs",
    "parametrize_with_gradient_checks",
    "problems",
]

# Pickles and lists of trusted types keep the public name when code moves.
for _name in __all__:
    globals()[_name].__module__ = __name__
