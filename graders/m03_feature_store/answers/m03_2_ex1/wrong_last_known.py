"""The newest value of each feature."""

# trips: versions
# says: has a gap there


def as_of(group, ids, times):
    table, identifier, event_time, more = offline(group)
    asks = ask_table(aws, pd.DataFrame({"ask": range(len(ids)), "id": ids, "asked": times}))
    values = ", ".join(f"max_by({name}, {event_time}) AS {name}" for name in more)
    found = athena(f"""
        SELECT ask, id, asked, {values} FROM {asks} LEFT JOIN {table}
        ON {identifier} = id AND {event_time} <= asked GROUP BY ask, id, asked ORDER BY ask""")
    return found.rename(columns={"asked": "time"})
