"""What a function is given where nobody says it: names propose, small shapes are tried, and what ran is told."""
