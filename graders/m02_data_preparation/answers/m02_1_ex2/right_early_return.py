def accept(day):
    if not set(example.columns) <= set(day.columns) or len(day) < 250:
        return False
    if not day["origin"].isin({"EWR", "JFK", "LGA"}).all() or day["distance"].mean() > 1300:
        return False
    clock = day["sched_dep_time"]
    if ((clock % 100) > 59).any() or ((clock // 100) != day["hour"]).any():
        return False
    if day["wind_speed"].max() > 120 or (day["dewp"] - day["temp"] > 0.01).any():
        return False
    if (day["wind_speed"] - day["wind_gust"] > 0.01).any():
        return False
    for name in ("wind_speed", "temp"):
        if not set(day[name].dropna().round(4)) <= set(weather[name].round(4)):
            return False
    if len(day[["carrier", "flight", "origin"]].drop_duplicates()) < len(day):
        return False
    spread = day.groupby(["origin", "dest"])["distance"].agg(["min", "max"])
    if (spread["max"] - spread["min"] > 5).any():
        return False
    known = day.loc[~day["carrier"].isin({"MQ", "AA"}), "seats"].notna().mean()
    return bool(known > 0.65)
