"""A sigmoid neuron, trained on the Brier score by plain gradient descent."""

from importlib.metadata import version as _version

from sk_neuron._classifier import SigmoidNeuronClassifier

__all__ = ["SigmoidNeuronClassifier", "__version__"]
__version__ = _version("sk-neuron")
