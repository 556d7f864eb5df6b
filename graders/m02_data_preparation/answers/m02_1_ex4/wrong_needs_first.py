"""A job that needs Hive needs a cluster, also for a team that writes pandas."""

# trips: practice
# says: which question comes first


def choose_tool(job):
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["needs"] != "none":
        return "EMR"
    if job["writes"] == "pandas" and 5 * job["gigabytes"] <= job["memory"]:
        return "Processing"
    return "EMR" if job["busy_hours"] * job["glue_hour"] > 24 * job["cluster_hour"] else "Glue"
