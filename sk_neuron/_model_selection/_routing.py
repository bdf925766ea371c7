"""Pass metadata on to the splitter and the scorer."""

from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sk_neuron._model_selection._scoring import get_scorer, takes_weight


def make_router(search):
    """Return which metadata of an estimator go where."""
    to_split = MethodMapping().add(caller="fit", callee="split")
    to_score = MethodMapping().add(caller="fit", callee="score")
    to_score.add(caller="score", callee="score")
    return (
        MetadataRouter(owner=search)
        .add_self_request(search)
        .add(splitter=search.cv, method_mapping=to_split)
        .add(scorer=get_scorer(search.scoring), method_mapping=to_score)
    )


def route_fit(search, sample_weight, params):
    """Return the metadata for the splitter and for the scorer."""
    if get_config()["enable_metadata_routing"]:
        routed = _route(search, "fit", sample_weight, params)
        return routed.splitter.split, routed.scorer.score
    _refuse(search, "fit", params.keys() - {"groups"})
    takes = sample_weight is not None and takes_weight(get_scorer(search.scoring))
    return params, {"sample_weight": sample_weight} if takes else {}


def route_score(search, sample_weight, params):
    """Return the metadata for the scorer."""
    if get_config()["enable_metadata_routing"]:
        return _route(search, "score", sample_weight, params).scorer.score
    _refuse(search, "score", params)
    return {} if sample_weight is None else {"sample_weight": sample_weight}


def _route(search, method, sample_weight, params):
    if sample_weight is not None:
        params = params | {"sample_weight": sample_weight}
    return process_routing(search, method, **params)


def _refuse(search, method, names):
    if names:
        raise TypeError(
            f"{type(search).__name__}.{method} takes {min(names)!r} only with metadata "
            "routing on: sklearn.set_config(enable_metadata_routing=True)."
        )
