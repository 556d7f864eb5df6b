"""KMS: the dispatcher in front of moto's records."""
