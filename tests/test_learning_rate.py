"""The automatic step: exact for few columns, a safe estimate for many."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest
from scipy.sparse import csr_array
from threadpoolctl import threadpool_info, threadpool_limits

from sk_neuron._learning_rate import auto_learning_rate

SPECTRA = {
    "flat": np.ones,
    "steep": lambda d: 1.0 / np.arange(1, d + 1) ** 2,
    "twins": lambda d: np.repeat([1.0, 1e-3], [2, d - 2]),
    "needle": lambda d: np.repeat([1.0, 0.999], [1, d - 1]),
    "uniform": lambda d: np.sqrt(np.linspace(1, 0, d)),  # the hardest for Lanczos
}


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "d"), [(100, 40), (40, 100), (300, 200), (64, 3000)])
def test_known_singular_values(spectrum, dtype, n, d):
    """The data are built from an SVD, so that the answer is known in advance."""
    rng = np.random.default_rng(0)
    rank = min(n, d)
    U, V = (np.linalg.qr(rng.standard_normal((size, rank)))[0] for size in (n, d))
    singular = 100 * SPECTRA[spectrum](rank)
    X = ((U * singular) @ V.T).astype(dtype)
    rate = auto_learning_rate(X, np.ones((n, 1), dtype), 0.0, False)
    L = oracle.CURVATURE * 100**2
    assert rate == pytest.approx(1 / L, rel=1e-4) if d < 64 else 0.93 / L < rate <= 1 / L
    np.testing.assert_allclose(
        auto_learning_rate(csr_array(X), np.ones((n, 1), dtype), 0.0, False),
        rate,
        rtol=1e-4,
    )


@pytest.mark.parametrize("d", [5, 80])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_columns_of_weights_together_are_columns_apart(d, fit_intercept):
    rng = np.random.default_rng(1)
    X, weight = rng.standard_normal((200, d)), rng.random((200, 4)) * [1, 10, 1e3, 1e-9]
    together = auto_learning_rate(X, weight, 0.5, fit_intercept)
    for k, rate in enumerate(together):
        apart = auto_learning_rate(X, weight[:, k : k + 1], 0.5, fit_intercept)
        np.testing.assert_allclose(rate, apart[0], rtol=1e-9)
        L = oracle.smoothness(X, weight[:, k], alpha=0.5, fit_intercept=fit_intercept)
        assert 0.93 / max(1, L) < rate < 1.02 / max(1, L)


@pytest.mark.parametrize("ratio", [1.5, 2.1, 2.3, 2.9, 10.0])
def test_a_direction_hidden_from_the_start_of_lanczos_is_found(ratio):
    """The largest eigenvector is orthogonal to the start, which is no secret."""
    d, n = 64, 300
    start = np.random.RandomState(0).standard_normal((d + 1, 1))[:-1]
    rng = np.random.default_rng(1)
    Q = np.linalg.qr(np.hstack([start, rng.standard_normal((d, d - 1))]))[0]
    hidden, others = Q[:, 1], np.delete(Q, 1, axis=1)
    others = others @ np.linalg.qr(rng.standard_normal((d - 1, d - 1)))[0]
    U = np.linalg.qr(rng.standard_normal((n, d)))[0]
    X = 50 * np.sqrt(ratio) * np.outer(U[:, 0], hidden)
    X += 50 * (U[:, 1:] * np.linspace(0.1, 1, d - 1)) @ others.T
    rate = auto_learning_rate(X, np.ones((n, 1)), 0.0, False)
    assert rate < 2 / oracle.smoothness(X, np.ones(n), fit_intercept=False)


@pytest.mark.parametrize("d", [20, 80])
def test_the_intercept_counts(d):
    """Here the constant has nearly all of the largest eigenvalue."""
    X = 1e-3 * np.random.default_rng(3).standard_normal((5000, d))
    rate = auto_learning_rate(X, np.ones((5000, 1)), 0.0, True)
    assert rate == pytest.approx(1 / oracle.smoothness(X, np.ones(5000)), rel=0.06)


@pytest.mark.parametrize("d", [3, 90])
def test_nothing_to_learn_from_takes_the_articles_step(d):
    assert auto_learning_rate(np.zeros((70, d)), np.ones((70, 1)), 0.0, False) == 1.0


def test_the_same_data_take_the_same_step():
    X = np.random.default_rng(2).standard_normal((500, 100))
    first, second = (auto_learning_rate(X, np.ones((500, 1)), 0.0, True) for _ in range(2))
    assert first == second


def test_blas_has_its_threads_again():
    """Also when several threads have asked for one: the limit is for the whole process."""
    X = np.random.default_rng(0).standard_normal((300, 80))
    with threadpool_limits(2, user_api="blas"):
        before = threadpool_info()
        with ThreadPoolExecutor(8) as pool:
            tasks = [
                pool.submit(auto_learning_rate, X, np.ones((300, 1)), 0.0, True)
                for _ in range(200)
            ]
        rates = [float(task.result()[0]) for task in tasks]
        np.testing.assert_allclose(rates, rates[0], rtol=1e-12)
        assert threadpool_info() == before
