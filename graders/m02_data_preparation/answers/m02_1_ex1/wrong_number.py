"""The columns by their place in the table."""

# trips: found
# says: which is no column of the table

unknown = [str(number) for number in range(5)]
