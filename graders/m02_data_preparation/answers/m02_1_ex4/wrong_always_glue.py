"""Glue can do all of it."""

# trips: unseen
# says: which fields does your rule read?


def choose_tool(job):
    return "Glue"
