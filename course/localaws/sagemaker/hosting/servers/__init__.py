"""Model servers: instances, fleets, serverless containers, model data."""
