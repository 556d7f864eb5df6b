"""Service Quotas: the quotas that this local AWS enforces, and requests to increase them.

`quotas` has the quotas of all services with their applied values: a service registers its own, and asks for the value whenever it enforces
one. `increases` takes requests and says which are granted, `store` keeps them, and `utilization` reports how much of each quota is in use.
"""
