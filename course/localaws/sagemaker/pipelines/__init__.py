"""SageMaker Pipelines: definitions, their versions, executions, and the steps that executions run.

`language` parses definitions, `operations` and `executions` have the operations, `execution` runs one execution in its own thread, and
`steps` has a module for each group of step types.
"""
