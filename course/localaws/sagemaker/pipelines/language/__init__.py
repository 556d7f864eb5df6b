"""The definition language of pipelines, version 2020-12-01: what a definition says, and what its expressions mean.

`parsing` makes a `definition.Definition` from JSON text and refuses one that cannot run. `expressions`, `conditions` and `paths` resolve
values while an execution runs.
"""
