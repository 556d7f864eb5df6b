"""ECR: the account's own container images. The records are moto's."""
