"""A sigmoid neuron, trained on the Brier score by plain gradient descent."""

from importlib.metadata import version as _version

from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV
from sk_neuron._label_issues import find_label_issues, recorded_brier_score
from sk_neuron._path import iteration_path
from sk_neuron._plot._iteration_path import IterationPathDisplay
from sk_neuron._plot._label_quality import LabelQualityDisplay
from sk_neuron._plot._loss_curve import LossCurveDisplay
from sk_neuron._plot._neuron import NeuronDisplay
from sk_neuron._plot._weight_path import WeightPathDisplay
from sk_neuron._show_versions import show_versions

__all__ = [
    "IterationPathDisplay",
    "LabelQualityDisplay",
    "LossCurveDisplay",
    "NeuronDisplay",
    "SigmoidNeuronClassifier",
    "SigmoidNeuronClassifierCV",
    "WeightPathDisplay",
    "__version__",
    "find_label_issues",
    "iteration_path",
    "recorded_brier_score",
    "show_versions",
]
__version__ = _version("sk-neuron")

# Pickles and lists of trusted types keep the public name when code moves.
for _name in set(__all__) - {"__version__"}:
    globals()[_name].__module__ = __name__
