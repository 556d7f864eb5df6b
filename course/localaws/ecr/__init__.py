"""Amazon ECR: the account's container images. moto keeps the records."""
