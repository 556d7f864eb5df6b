"""A process in a box: its files, network and limits, and the supervisor that ends it. Imports nothing else of the course."""
