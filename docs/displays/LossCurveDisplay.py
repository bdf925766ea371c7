from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

from sk_neuron import LossCurveDisplay, SigmoidNeuronClassifier

X, y = load_breast_cancer(return_X_y=True)
neuron = SigmoidNeuronClassifier(early_stopping=True, random_state=0)
LossCurveDisplay.from_estimator(neuron.fit(scale(X), y))
