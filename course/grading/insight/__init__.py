"""What graded work tells an instructor: the page of a night, a class at a glance, one result explained, submissions that are alike."""
