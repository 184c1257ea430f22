"""From two arrays to evidence: compared, refereed, and what a pass would have caught."""
