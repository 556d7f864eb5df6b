"""AWS's wire protocols from botocore's models: parse, validate, serialise."""
