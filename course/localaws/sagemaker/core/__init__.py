"""What every SageMaker family shares: permissions, quotas, tags, search, recorded kinds."""
