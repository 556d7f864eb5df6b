"""What every service builds on: clock, scheduler, database, errors, paging, tags and the resource engine."""
