"""The first record of a time counts."""

# trips: twice
# says: which one was requested last


def as_of(group, ids, times):
    table, identifier, event_time, more = offline(group)
    asks = ask_table(aws, pd.DataFrame({"ask": range(len(ids)), "id": ids, "asked": times}))
    values = ", ".join(f"CASE WHEN NOT is_deleted THEN {name} END AS {name}" for name in more)
    found = athena(f"""
        SELECT * FROM (
            SELECT ask, id, asked, {values}, row_number() OVER (
                PARTITION BY ask ORDER BY {event_time} DESC, api_invocation_time)
            AS place FROM {asks} LEFT JOIN {table} ON {identifier} = id AND {event_time} <= asked)
        WHERE place = 1 ORDER BY ask""")
    return found.rename(columns={"asked": "time"})
