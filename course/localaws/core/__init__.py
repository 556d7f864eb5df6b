"""The base of every service: clock, scheduler, database, errors, paging, tags and the resource engine."""
