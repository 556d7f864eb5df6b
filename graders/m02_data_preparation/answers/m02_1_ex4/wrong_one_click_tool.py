"""Who clicks uses Data Wrangler."""

# trips: unseen
# says: what does the result feed?


def choose_tool(job):
    if job["writes"] == "nothing":
        return "Data Wrangler"
    if job["writes"] == "pandas" and job["gigabytes"] * 5 <= job["memory"]:
        return "Processing"
    always_busy = job["busy_hours"] * job["glue_hour"] > 24 * job["cluster_hour"]
    return "EMR" if job["needs"] != "none" or always_busy else "Glue"
