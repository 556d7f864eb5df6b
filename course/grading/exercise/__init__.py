"""The definition of an exercise, the answer that its checks see, and the random streams that its cases come from."""
