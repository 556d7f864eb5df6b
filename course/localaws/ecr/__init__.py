"""Amazon ECR: the account's own container images. moto keeps the records."""
