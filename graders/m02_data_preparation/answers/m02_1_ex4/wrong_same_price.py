"""At the same price a cluster is the better one."""

# trips: practice
# says: do both cost the same


def choose_tool(job):
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["writes"] == "pandas" and job["gigabytes"] * 5 <= job["memory"]:
        return "Processing"
    always_busy = job["busy_hours"] * job["glue_hour"] >= 24 * job["cluster_hour"]
    return "EMR" if job["needs"] != "none" or always_busy else "Glue"
