"""Secrets Manager: secrets with their versions, encrypted under KMS keys, and their rotation by Lambda functions.

`store` has the secrets, `sealing` encrypts their values, `permissions` says who may use them, `operations` has the API, and `rotation`
invokes rotation functions at the times of `timers`.
"""
