"""What is smaller than the memory fits into it."""

# trips: unseen
# says: how much memory do their gigabytes take


def choose_tool(job):
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["writes"] == "pandas" and job["gigabytes"] <= job["memory"]:
        return "Processing"
    always_busy = job["busy_hours"] * job["glue_hour"] > 24 * job["cluster_hour"]
    return "EMR" if job["needs"] != "none" or always_busy else "Glue"
