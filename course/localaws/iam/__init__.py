"""IAM and STS: keys, principals, the policy engine, and authorization of each request."""
