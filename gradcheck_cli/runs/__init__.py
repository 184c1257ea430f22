"""The only orchestration: what is asked in which order, what it costs, how it is said again."""
