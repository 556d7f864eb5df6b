"""Search for good hyperparameters: algorithms that know values and losses, and nothing of jobs. A loss is better when it is lower."""
