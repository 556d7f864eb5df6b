"""A learner's progress: derived from their attempts, and shown as a table or a page with the next step."""
