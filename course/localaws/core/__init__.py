"""The base of every service: clock, scheduler, database, errors, paging, tags and the resource engine.

Services raise `errors.AwsError`; the gateway writes it in the protocol of the caller. `resources.ResourceEngine` keeps resources of any
`resources.ResourceKind`: create, get, update, delete, page, tags. `scheduler.Scheduler` runs a task when the clock reaches its time,
whether time passes or the clock is advanced. `database.Database` is SQLite with one writer: what was written survives ``kill -9``.
`data_files.table` reads a YAML file once.
"""
