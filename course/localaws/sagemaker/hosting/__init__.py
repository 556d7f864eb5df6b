"""Models, endpoints and what serves them."""
