"""The rungs of the ladder for any function. Pure: from facts and truths to verdicts, nothing is asked or called."""
