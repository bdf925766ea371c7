"""Solve a fit, from the parameters and the data to the fitted attributes.

`_objective` makes the problem, `_step_size` bounds its curvature, and `_initialization`
draws the start. `_gram` makes the descent faster if X is wide. `_fit_loop` runs it, and
`_stopping`, `_callbacks` and `_validation` decide when it ends. `_curves` makes the fitted
attributes, and `_outcome` warns if the fit went wrong. `_setup` builds all of this.
"""
