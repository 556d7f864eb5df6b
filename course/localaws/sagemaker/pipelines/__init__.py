"""SageMaker Pipelines: definitions, their versions, executions, and the steps that executions run.

`language` parses a definition, `operations`, `versions`, `executions` and `views` have the operations, `runs` runs executions, each in its
own thread, and `steps` has a module for each group of step types.
"""
