"""What stands behind moto: everything that has no room of its own, kept durable; and identity, which moto only records."""
