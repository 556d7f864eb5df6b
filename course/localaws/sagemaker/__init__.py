"""SageMaker: one package for each family of operations, over one resource engine.

`service` lists the families. A family has ``kinds``, ``operations``, ``recover()`` (after a crash: jobs that ran have failed, endpoints
come back) and ``shutdown()``; it gets the families that it ``needs``. In a family of jobs, `operations` answers requests, and `run` does
the work in a thread.
"""
