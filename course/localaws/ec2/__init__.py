"""EC2's networks: whether a job in a VPC reaches AWS's services, and by which VPC endpoint.

moto keeps the VPCs, subnets, route tables, security groups and endpoints. `records` reads them, `reachability` has the rules, and
`networks.VpcNetworks` answers for the gateway and for jobs. No packet is filtered: what a job may not reach refuses it.
"""
