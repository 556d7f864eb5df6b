"""AWS Config: managed rules, evaluated from the state of the local AWS's own services.

`rules.yaml` has the managed rules, `checks` evaluates them, `evaluator` keeps the results and tells EventBridge of changes, and `timers`
evaluates on the clock. The configuration recorder and the delivery channel are moto's records.
"""
