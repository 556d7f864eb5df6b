"""nbgrader's formgrader in a server of its own, in which no learner's script could run or reach anything."""
