"""Fitted neurons as ONNX graphs: importing this module tells skl2onnx how to convert them.

Needs the extra ``onnx``: ``pip install 'sk-neuron[onnx]'``.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, issparse
from skl2onnx import to_onnx as convert_to_onnx
from skl2onnx import update_registered_converter
from skl2onnx.algebra.onnx_ops import (
    OnnxAdd,
    OnnxArgMax,
    OnnxCast,
    OnnxConcat,
    OnnxGather,
    OnnxGreater,
    OnnxIdentity,
    OnnxMatMul,
    OnnxNeg,
    OnnxSigmoid,
    OnnxSoftmax,
)
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from skl2onnx.common.utils import check_input_and_output_numbers
from skl2onnx.common.utils_classifier import get_label_classes
from skl2onnx.proto import onnx_proto
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline

from sk_neuron._base import BaseNeuron, check_has_answers, split_estimator
from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV
from sk_neuron._kernels import as_numpy

__all__ = ["to_onnx"]


def to_onnx(
    model: BaseEstimator,
    X: ArrayLike,
    *,
    zipmap: bool | str = False,
    raw_scores: bool = False,
    target_opset: int | dict[str, int] | None = None,
) -> Any:
    """Return a fitted neuron, or a Pipeline that ends with one, as an ONNX graph.

    The graph has two outputs: what `predict` returns, and what `predict_proba` returns. It
    computes in float64 if `X` is float64, else in float32. Whoever runs it needs neither
    scikit-learn nor this package.

    Parameters
    ----------
    model : estimator
        A fitted `SigmoidNeuronClassifier` or `SigmoidNeuronClassifierCV`, a Pipeline that
        ends with one, or a fitted search over either. The other steps must be ones that
        skl2onnx can convert.

    X : {array-like, sparse matrix, pandas dataframe} of shape (n_samples, n_features)
        A row or more of the data, for names and types of the features only. Each column of
        a dataframe becomes an input of the graph, in that order, and all columns of numbers
        have one type: float64, say, if a column is of float64. Sparse rows become dense.

    zipmap : bool or "columns", default=False
        Whether the probabilities are dicts, ``{class: probability}``, or with "columns" an
        output for each class, rather than an array. True needs float32.

    raw_scores : bool, default=False
        Whether to return raw predictions in place of the probabilities. As of skl2onnx's
        linear classifiers, there are two columns for two classes, -z and z.

    target_opset : int or dict, default=None
        The version of ONNX to write, as in :func:`skl2onnx.to_onnx`; None is the newest
        that skl2onnx knows.

    Returns
    -------
    graph : onnx.ModelProto
        ``graph.SerializeToString()`` is what to store, and to run.

    Raises
    ------
    TypeError
        If the model does not end with a neuron. :func:`skl2onnx.to_onnx` converts whatever
        has one in it, once this module is imported. Or if `X` is a dataframe, but not of
        pandas.
    NotFittedError
        If it is not fitted.
    ValueError
        If ONNX has no type for the classes. It has integers and strings; booleans, and
        floats that are whole numbers, become integers. Also if the model has learned
        other features, or if `zipmap` is True and the graph is in float64.

    Notes
    -----
    The graph does not check its input. Where `predict_proba` raises an error, because of
    NaN, of infinity or of raw predictions that overflow, it returns what means nothing, NaN
    for most.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_neuron import SigmoidNeuronClassifier
    >>> from sk_neuron.onnx import to_onnx
    >>> X = np.arange(-10.0, 10.0, dtype=np.float32)[:, np.newaxis]
    >>> model = make_pipeline(StandardScaler(), SigmoidNeuronClassifier())
    >>> graph = to_onnx(model.fit(X, X[:, 0] >= 0), X)
    >>> [output.name for output in graph.graph.output]
    ['label', 'probabilities']
    """
    steps, neuron = split_estimator(model)
    if not isinstance(neuron, BaseNeuron):
        raise TypeError(
            "to_onnx converts neurons and pipelines that end with one, but this model ends "
            f"with {type(neuron).__name__}. Use skl2onnx.to_onnx instead."
        )
    check_has_answers(neuron)
    _encode_classes(neuron.classes_)
    row = _read_row(X)
    return convert_to_onnx(
        make_pipeline(*_join_columns(steps, neuron, row), *_list_steps(steps), neuron),
        row,
        options={id(neuron): {"zipmap": zipmap, "raw_scores": raw_scores}},
        target_opset=target_opset,
    )


def _read_row(X):
    """Return the first row of X as an array, or as a dataframe of pandas with names."""
    if issparse(X):
        return csr_array(X)[:1].toarray()
    if hasattr(X, "to_pandas"):
        raise TypeError(
            f"skl2onnx cannot tell the types of a {type(X).__module__.split('.')[0]} "
            f"{type(X).__name__}. Pass X.to_pandas()."
        )
    if not hasattr(X, "columns") or not any(isinstance(name, str) for name in X.columns):
        row = np.asarray(X)[:1]
        if row.dtype.kind in "biuf" and row.ndim != 2:
            raise ValueError(f"Expected 2D array, got {row.ndim}D array instead.")
        return row
    types = {name: getattr(each, "numpy_dtype", each) for name, each in X.dtypes.items()}
    numbers = {name: each for name, each in types.items() if each.kind in "biuf"}
    if not numbers:
        return X[:1]
    # One type for all, as skl2onnx would cast to that of the first, be it an integer.
    common = np.result_type(*numbers.values())
    common = common if common.kind == "f" else np.dtype(np.int64)
    return X[:1].astype(dict.fromkeys(numbers, common))


def _list_steps(step):
    """Return the steps that do something, those of pipelines in each other in one list."""
    if isinstance(step, Pipeline):
        return [each for _, inner in step.steps for each in _list_steps(inner)]
    return [] if step is None or isinstance(step, str) else [step]


def _join_columns(steps, neuron, row):
    """Return a step that makes an array of columns of numbers, if no step picks columns."""
    parts = [] if steps is None else [steps, *steps.get_params().values()]
    picks = any(isinstance(part, ColumnTransformer) for part in parts)
    if picks or not hasattr(row, "columns") or any(t.kind not in "if" for t in row.dtypes):
        return []
    names = getattr(neuron if steps is None else steps, "feature_names_in_", row.columns)
    if list(names) != list(row.columns):
        raise ValueError(
            f"X has the columns {list(row.columns)}, but the model has learned "
            f"{list(names)}."
        )
    return [ColumnTransformer([], remainder="passthrough").fit(row)]


def _encode_classes(classes):
    """Return classes as ONNX has them, or raise an error: 64 bit integers or strings."""
    classes = as_numpy(classes)
    if all(isinstance(label, str) for label in classes):
        return classes.astype(str)
    if classes.dtype.kind in "biuf":
        encoded = classes.astype(np.int64)
        if np.array_equal(encoded, classes):
            return encoded
    raise ValueError(
        "ONNX has integers and strings for labels, but the classes are "
        f"{classes.dtype}: {list(classes[:3])}. Train on strings, y.astype(str)."
    )


def _set_output_types(operator):
    """Tell skl2onnx the types and shapes of both outputs."""
    check_input_and_output_numbers(operator, input_count_range=1, output_count_range=2)
    neuron, n_rows = operator.raw_operator, operator.inputs[0].get_first_dimension()
    n_features, learned = operator.inputs[0].get_second_dimension(), neuron.coef_.shape[1]
    if n_features not in (None, learned):
        raise ValueError(
            f"X has {n_features} features, but the neuron has learned {learned}."
        )
    classes = _encode_classes(get_label_classes(operator.scope_inst, neuron))
    is_double = isinstance(operator.inputs[0].type, DoubleTensorType)
    options = operator.scope_inst.get_options(neuron, fail=False)
    if is_double and options.get("zipmap") is True:
        raise ValueError(
            "zipmap=True needs float32, but the graph is in float64. Pass "
            'X.astype(np.float32), or zipmap="columns".'
        )
    label_type = StringTensorType if classes.dtype.kind == "U" else Int64TensorType
    answer_type = DoubleTensorType if is_double else FloatTensorType
    both = [n_rows, len(classes)]
    operator.outputs[0].set_type(label_type(both if neuron._multilabel else both[:1]))
    operator.outputs[1].set_type(answer_type(both))


def _convert(scope, operator, container):
    """Add the nodes of a neuron to a graph."""
    neuron, X = operator.raw_operator, operator.inputs[0]
    version = {"op_version": container.target_opset}
    raw_scores = container.get_options(neuron, {"raw_scores": False})["raw_scores"]
    classes = _encode_classes(get_label_classes(scope, neuron))
    dtype = np.float64 if isinstance(X.type, DoubleTensorType) else np.float32
    if not isinstance(X.type, DoubleTensorType | FloatTensorType):
        X = OnnxCast(X, to=onnx_proto.TensorProto.FLOAT, **version)

    coef, intercept = as_numpy(neuron.coef_).T, as_numpy(neuron.intercept_)
    coef, intercept = coef.astype(dtype), intercept.astype(dtype)
    z = OnnxAdd(OnnxMatMul(X, coef, **version), intercept, **version)
    if neuron._multilabel:
        is_on = OnnxGreater(z, np.zeros(1, dtype), **version)
        labels = OnnxCast(is_on, to=onnx_proto.TensorProto.INT64, **version)
    else:
        if len(classes) == 2:
            z = OnnxConcat(OnnxNeg(z, **version), z, axis=1, **version)
        best = OnnxArgMax(z, axis=1, keepdims=0, **version)
        labels = OnnxGather(classes, best, axis=0, **version)
    if raw_scores:
        answer = z
    elif neuron._multilabel or len(classes) == 2:
        answer = OnnxSigmoid(z, **version)
    else:
        answer = OnnxSoftmax(z, axis=1, **version)
    for output, result in zip(operator.outputs, (labels, answer), strict=True):
        named = OnnxIdentity(result, output_names=[output], **version)
        named.add_to(scope, container)


for _kind in (SigmoidNeuronClassifier, SigmoidNeuronClassifierCV):
    update_registered_converter(
        _kind,
        f"SkNeuron{_kind.__name__}",
        _set_output_types,
        _convert,
        options={
            "zipmap": [True, False, "columns"],
            "nocl": [True, False],
            "output_class_labels": [False, True],
            "raw_scores": [True, False],
        },
    )
