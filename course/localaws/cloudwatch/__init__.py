"""CloudWatch: metrics and alarms. Dashboards are moto's records."""
