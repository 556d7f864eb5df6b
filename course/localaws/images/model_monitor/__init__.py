"""The images of SageMaker Model Monitor: the analyzer of data quality and model quality, and `merge`, which adds labels to predictions.

`analyze` is its program and `configuration` its settings. `datasets` and `captured` read data as columns of texts. `statistics` describes
the columns by `data_types`, `kll` and `distinct`. `constraints` suggests constraints and checks them, with `drift` for distributions.
`model_quality` compares predictions with labels. `cloudwatch` makes metrics. `merge` reads transform jobs' data by `transformed`.

Not there: ``num_constraints`` are suggested and not checked, because none of AWS's types of violation names them.
"""
