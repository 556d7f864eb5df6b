"""What a job of any service is: its execution, its data, its packages."""
