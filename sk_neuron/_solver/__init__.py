"""From a problem and a start to what a fit returns.

`_objective` puts together what is trained, `_step_size` bounds its curvature, `_gram` takes
the descent to the space of the rows where X is wide, `_stopping` and `_callbacks` say when
it ends, `_fit_loop` runs it, and `_outcome` warns of what went wrong.
"""
