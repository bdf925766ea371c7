import numpy as np
from sklearn.datasets import load_iris

from sk_neuron import LabelQualityDisplay, SigmoidNeuronClassifier

X, y = load_iris(return_X_y=True)
y[::10] = (y[::10] + 1) % 3
layer = SigmoidNeuronClassifier(max_iter=30, label_noise=0.1)
layer.fit(X - np.mean(X, axis=0), y)
LabelQualityDisplay.from_estimator(layer, X - np.mean(X, axis=0), y)
