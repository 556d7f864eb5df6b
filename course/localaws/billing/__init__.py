"""What AWS would bill: usage, prices, and charges.

Services write what was used to `usage.UsageStore`, as `Platform.usage`. `prices` reads the price table. `charges` multiplies the two, for
the ledger and for Cost Explorer.
"""
