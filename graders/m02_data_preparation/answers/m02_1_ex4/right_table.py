RULES = (
    (lambda job: job["writes"] == "nothing" and job["feeds"] == "training", "Data Wrangler"),
    (lambda job: job["writes"] == "nothing", "DataBrew"),
    (lambda job: job["writes"] == "pandas" and job["gigabytes"] <= job["memory"] / 5, "Processing"),
    (lambda job: job["needs"] != "none", "EMR"),
    (lambda job: job["busy_hours"] > 24 * job["cluster_hour"] / job["glue_hour"], "EMR"),
)


def choose_tool(job):
    return next((tool for asks, tool in RULES if asks(job)), "Glue")
