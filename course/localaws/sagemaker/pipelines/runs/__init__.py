"""Runs executions: `runner` has the thread of each, `execution` decides what to do next, `attempts` does it for one step."""
