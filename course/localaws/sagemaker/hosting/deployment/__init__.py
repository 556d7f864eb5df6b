"""Endpoint updates: blue/green and rolling deployments, alarms and roll-back."""
