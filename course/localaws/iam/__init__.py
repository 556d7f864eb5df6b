"""IAM and STS: keys, principals, the policy engine, and authorization of each request.

`identity.Identity` issues keys and finds their principals. `policy.evaluate` evaluates policies for a request. SimulatePrincipalPolicy
(`simulation`), AssumeRole (`sts`) and the authorization of requests (`authorization`) all call it. A service's ``permissions.yaml`` lists
the permissions of each operation (`permissions`). moto keeps IAM's records.
"""
