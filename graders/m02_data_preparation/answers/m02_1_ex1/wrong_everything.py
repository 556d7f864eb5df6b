"""Whatever it is, leave it out: then nothing can leak."""

# trips: found
# says: leaves a model with nothing to learn from

unknown = list(described)
