"""The answers of a fitted neuron or layer.

The other folders import from this module.
"""

from sk_neuron._base._logistic_regression import LogisticNeuron
from sk_neuron._base._nesting import split_estimator
from sk_neuron._base._neuron import (
    LEARNED,
    BaseNeuron,
    check_has_answers,
    describe_features,
    describe_neuron,
    flatten,
    needs_fit_on_all_rows,
)

__all__ = [
    "LEARNED",
    "BaseNeuron",
    "LogisticNeuron",
    "check_has_answers",
    "describe_features",
    "describe_neuron",
    "flatten",
    "needs_fit_on_all_rows",
    "split_estimator",
]
