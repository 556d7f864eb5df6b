"""Runs the code of functions: environments, their pool, single invocations, and the queue of asynchronous ones."""
