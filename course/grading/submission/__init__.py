"""One submitted notebook: repair it, run it in a sandbox, and judge what it hands over, live or from the recorded evidence."""
