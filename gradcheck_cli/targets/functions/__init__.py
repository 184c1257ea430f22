"""Targets that are any function: found, called and read in the child. What they should give is known elsewhere."""
