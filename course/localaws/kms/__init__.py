"""KMS: keys, aliases, key policies and grants, and all that is encrypted with them.

`store` has the keys, `permissions` says who may use them, `operations` has the API, and `ciphertexts` and `asymmetric` do the cryptography.
"""
