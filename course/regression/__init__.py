"""Every lesson, run for real: by papermill in parallel, then by a small class of learners through nbgrader; and the report of it."""
