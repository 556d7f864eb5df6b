"""The cheaper hour is the cheaper tool."""

# trips: unseen
# says: what does a day cost


def choose_tool(job):
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["writes"] == "pandas" and job["gigabytes"] * 5 <= job["memory"]:
        return "Processing"
    return "EMR" if job["needs"] != "none" or job["cluster_hour"] < job["glue_hour"] else "Glue"
