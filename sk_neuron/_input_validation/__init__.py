"""From what a user passes to what a fit needs, or a clear error."""

from sk_neuron._input_validation._data import (
    Samples,
    note_features,
    read_data,
    read_training_data,
    read_validation_rows,
    take_metadata,
    take_rows,
)
from sk_neuron._input_validation._label_noise import (
    list_label_noises,
    measure_noise,
    read_label_noise,
)
from sk_neuron._input_validation._labels import (
    check_classes,
    check_labels,
    choose_scored_labels,
    encode_known_labels,
    encode_labels,
    find_class,
    list_classes,
    read_labels,
    shape_of_groups,
)
from sk_neuron._input_validation._masks import refuse_masked
from sk_neuron._input_validation._parameters import (
    PARAMETERS,
    SEARCH_PARAMETERS,
    check_alphas,
    check_iters,
    fit_context,
    list_iters,
)
from sk_neuron._input_validation._weights import (
    check_sample_weight,
    combine_weights,
    compute_class_factors,
    find_idle_columns,
    read_sample_weight,
    scale_by_power,
)

__all__ = [
    "PARAMETERS",
    "SEARCH_PARAMETERS",
    "Samples",
    "check_alphas",
    "check_classes",
    "check_iters",
    "check_labels",
    "check_sample_weight",
    "choose_scored_labels",
    "combine_weights",
    "compute_class_factors",
    "encode_known_labels",
    "encode_labels",
    "find_class",
    "find_idle_columns",
    "fit_context",
    "list_classes",
    "list_iters",
    "list_label_noises",
    "measure_noise",
    "note_features",
    "read_data",
    "read_label_noise",
    "read_labels",
    "read_sample_weight",
    "read_training_data",
    "read_validation_rows",
    "refuse_masked",
    "scale_by_power",
    "shape_of_groups",
    "take_metadata",
    "take_rows",
]
