"""Algorithms that search for good hyperparameters. They know values and losses, but no jobs. A lower loss is better."""
