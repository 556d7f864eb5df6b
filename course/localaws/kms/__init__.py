"""KMS: moto's records behind the dispatcher."""
