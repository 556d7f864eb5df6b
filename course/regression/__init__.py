"""Runs every lesson for real, with papermill in parallel, then grades a small class of learners with nbgrader, and reports the results."""
