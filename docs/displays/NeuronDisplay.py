from sklearn.datasets import load_iris

from sk_neuron import NeuronDisplay, SigmoidNeuronClassifier

X, y = load_iris(return_X_y=True, as_frame=True)
X, y = X[y > 0], y[y > 0]
neuron = SigmoidNeuronClassifier().fit(X - X.mean(), y)
NeuronDisplay.from_estimator(neuron, X[:1] - X.mean())
