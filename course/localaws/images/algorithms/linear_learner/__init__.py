"""The linear learner, a first-party algorithm."""
