"""SageMaker Pipelines: definitions, their versions, executions, and the steps that executions run.

`language` parses definitions, `operations` and `executions` have the operations, `runs` runs each execution in its own thread, and `steps`
has a module for each group of step types. `cache` finds earlier results of steps, `experiments` makes the trial of an execution.
"""
