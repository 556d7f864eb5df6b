"""IAM and STS: keys, principals, the policy engine, and authorization of each request.

`identity.Identity` issues keys and finds callers with their policies (`callers`). `policy.evaluate` evaluates policies for a request.
SimulatePrincipalPolicy (`simulation`), AssumeRole (`sts`, `sessions`) and the authorization of requests (`authorization`) all call it. A
service's ``permissions.yaml`` lists the permissions of each operation (`permissions`). A service that acts with the rights of a role asks
`Identity.refusal`. moto keeps IAM's records.
"""
