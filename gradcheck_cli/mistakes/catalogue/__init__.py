"""One file per mistake, each with its `MISTAKE`. A new file is a new mistake; nothing else has to be told."""
