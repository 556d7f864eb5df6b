"""A class: its roster and dates, and what its students hand in, from wherever they do."""
