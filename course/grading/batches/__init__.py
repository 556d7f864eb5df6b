"""A class graded: each submission by one function (`grade`), many at a time (`queue`), and the results given to others (`exports`)."""
