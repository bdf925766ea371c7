"""The same estimators on dask arrays and data frames, whose rows stay where they are."""

from sk_neuron.dask._classifier import SigmoidNeuronClassifier
from sk_neuron.dask._classifier_cv import SigmoidNeuronClassifierCV

__all__ = ["SigmoidNeuronClassifier", "SigmoidNeuronClassifierCV"]

for _name in __all__:  # where pickles and pages look for them
    globals()[_name].__module__ = __name__
