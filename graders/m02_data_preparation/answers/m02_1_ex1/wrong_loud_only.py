"""Leaks are what the flight itself writes down: doors, minutes in the air, the reason."""

# trips: found
# says: Both kinds are missing

unknown = [name for name, text in described.items() if any(word in text for word in ("doors", "lift-off", "Reason"))]
