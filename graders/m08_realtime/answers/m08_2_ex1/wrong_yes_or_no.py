"""Better or not: two words are enough."""

# trips: practice
# says: expected one of the four words


def decide(experiment):
    gained = [day["old"]["error"] - day["new"]["error"] for day in experiment["days"]]
    return "yes" if np.mean(gained) > 0 else "no"
