"""Budgets: limits for what AWS would bill, with notifications and actions when a threshold is crossed.

`spending` computes what a budget tracks, from the charges. `timers` evaluates budgets on the clock, and `notifications` and `actions` do
what follows. `operations` are those of the API.
"""
