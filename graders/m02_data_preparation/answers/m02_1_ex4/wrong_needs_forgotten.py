"""Spark is Spark; the price decides."""

# trips: unseen
# says: where does your rule use `needs`?


def choose_tool(job):
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["writes"] == "pandas" and job["gigabytes"] * 5 <= job["memory"]:
        return "Processing"
    return "EMR" if job["busy_hours"] * job["glue_hour"] > 24 * job["cluster_hour"] else "Glue"
