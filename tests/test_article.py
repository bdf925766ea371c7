"""The article's experiment, to every digit it prints."""

import numpy as np
import oracle
import pytest

from sk_neuron import SigmoidNeuronClassifier

X = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
y = np.array([0, 1, 1, 0])
ARTICLE = SigmoidNeuronClassifier(
    max_iter=10_000, learning_rate=1.0, init="uniform", fit_intercept=False, random_state=15
)
START = np.array([0.69763539, -0.64220815, -0.89127357])


def test_trained_weights_and_answer():
    neuron = ARTICLE.fit(X, y)
    assert (neuron.learning_rate_curve_ == 1.0).all()
    np.testing.assert_array_equal(
        neuron.coef_.round(8), [[9.67341006, -0.20852727, -4.62943754]]
    )
    assert neuron.predict_proba([[1, 0, 0]])[0, 1].round(8) == 0.99993707
    assert neuron.intercept_ == [0.0]


def test_every_step_is_the_articles():
    rng = np.random.RandomState(15)
    weights = 2 * rng.random_sample((3, 1)) - 1
    np.testing.assert_array_equal(weights.ravel().round(8), START)
    for step in range(1, 50):
        output = 1 / (1 + np.exp(-(X @ weights)))
        error = y[:, np.newaxis] - output
        confidence = error * output * (1 - output)
        weights = weights + X.T @ confidence
        neuron = ARTICLE.set_params(max_iter=step).fit(X, y)
        np.testing.assert_allclose(neuron.coef_, weights.T, rtol=1e-13)


@pytest.mark.filterwarnings("ignore:The fit is worse")
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_intercept_is_drawn_last(fit_intercept):
    neuron = SigmoidNeuronClassifier(
        max_iter=1,
        learning_rate=1e-300,
        init="uniform",
        fit_intercept=fit_intercept,
        random_state=15,
    ).fit(X, y)
    draws = 2 * np.random.RandomState(15).random_sample(4) - 1
    np.testing.assert_array_equal(neuron.coef_[0], draws[:3])
    assert neuron.intercept_[0] == (draws[3] if fit_intercept else 0)


def test_oracle_agrees():
    w, _ = oracle.train(
        X, y, np.ones(4), steps=10_000, eta=1.0, fit_intercept=False, start=(START, 0.0)
    )
    np.testing.assert_allclose(w, [9.67341006, -0.20852727, -4.62943754], atol=1e-6)
