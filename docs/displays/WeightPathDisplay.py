from sklearn.datasets import load_iris

from sk_neuron import SigmoidNeuronClassifier, WeightPathDisplay

X, y = load_iris(return_X_y=True, as_frame=True)
X, y = X[y > 0], y[y > 0]
neuron = SigmoidNeuronClassifier(checkpoints=range(101))
WeightPathDisplay.from_estimator(neuron.fit(X - X.mean(), y))
