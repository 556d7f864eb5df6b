"""From the text source of a lesson to its solution notebook and its learner's notebook, byte for byte the same each time."""
