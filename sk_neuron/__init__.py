"""A sigmoid neuron, trained on the Brier score by plain gradient descent."""

from importlib.metadata import version as _version

from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._diagram import NeuronDisplay
from sk_neuron._display import (
    IterationPathDisplay,
    LossCurveDisplay,
    WeightPathDisplay,
)
from sk_neuron._path import SigmoidNeuronClassifierCV, iteration_path
from sk_neuron._versions import show_versions

__all__ = [
    "IterationPathDisplay",
    "LossCurveDisplay",
    "NeuronDisplay",
    "SigmoidNeuronClassifier",
    "SigmoidNeuronClassifierCV",
    "WeightPathDisplay",
    "__version__",
    "iteration_path",
    "show_versions",
]
__version__ = _version("sk-neuron")
