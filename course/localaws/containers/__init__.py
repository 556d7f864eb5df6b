"""How a job or a model server runs without Docker: its own processes, its own /opt/ml, and a local image in the container's place."""
