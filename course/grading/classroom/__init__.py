"""A class: its roster, its dates, and the collection of its submissions from any source."""
