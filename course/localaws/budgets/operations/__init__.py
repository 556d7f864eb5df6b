"""The operations of Budgets: `budgets`, `notifications` and `actions`."""
