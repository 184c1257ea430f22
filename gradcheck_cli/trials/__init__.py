"""One way to ask: a question, the truth beside it, what the target did, and what that says."""
