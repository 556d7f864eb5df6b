"""Models, endpoints, and the servers behind them.

`variants` turns a model and an endpoint configuration into plain documents, which an endpoint keeps. `servers` runs them: a fleet has
variants, a variant has instances, an instance has a model server for each container. `runtime` sends a request to an instance,
`deployment` moves an endpoint to a new configuration, `components` shares instances among models, and `asynchronous` answers requests
from a queue.
"""
