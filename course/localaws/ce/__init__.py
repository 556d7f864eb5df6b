"""Cost Explorer: what AWS would have billed, by time, service, usage type and tag.

`periods` checks times, `expressions` selects lines of the bill, `costs` answers GetCostAndUsage and the lists of values, and `tags` keeps
which tags are cost allocation tags. moto keeps cost categories.
"""
