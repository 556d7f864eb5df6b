"""What is worth a search is called a hyperparameter."""

# trips: practice
# says: expected one of the three words of the text


def decide(setting):
    return "parameter" if setting["set_by"] == "training" else "hyperparameter"
