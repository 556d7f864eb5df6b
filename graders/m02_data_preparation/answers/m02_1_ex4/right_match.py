def choose_tool(job):
    match job:
        case {"writes": "nothing", "feeds": "training"}:
            return "Data Wrangler"
        case {"writes": "nothing"}:
            return "DataBrew"
        case {"writes": "pandas", "gigabytes": size, "memory": memory} if size * 5 <= memory:
            return "Processing"
        case {"needs": "none", "busy_hours": hours, "glue_hour": glue, "cluster_hour": cluster}:
            return "Glue" if hours * glue <= 24 * cluster else "EMR"
    return "EMR"
