"""IAM and STS: keys, principals, the policy engine, and authorization of each request.

`identity.Identity` issues keys and finds their principals. `policy.evaluate` decides a request by policies; SimulatePrincipalPolicy
(`simulation`), AssumeRole (`sts`) and the authorization of requests (`authorization`) all call it. A service says in its
``permissions.yaml`` what each operation needs (`permissions`). moto keeps IAM's records.
"""
