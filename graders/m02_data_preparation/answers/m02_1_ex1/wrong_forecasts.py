"""The weather at departure cannot be known before departure."""

# trips: found
# says: when can they be read?

unknown = [name for name, text in described.items() if "forecast" in text or "doors" in text or "lift-off" in text]
