from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

from sk_neuron import IterationPathDisplay, SigmoidNeuronClassifierCV

X, y = load_breast_cancer(return_X_y=True)
search = SigmoidNeuronClassifierCV(max_iter=100).fit(scale(X), y)
IterationPathDisplay.from_estimator(search)
