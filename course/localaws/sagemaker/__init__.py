"""SageMaker: one package for each family of operations, over one resource engine.

`service` lists the families. A family has ``kinds``, ``operations``, ``recover()`` (after a crash: jobs that ran have failed, endpoints
come back) and ``shutdown()``. In a family of jobs, `operations` answers requests, `checks` refuses what AWS refuses, and `run` does the
work in a thread.
"""
