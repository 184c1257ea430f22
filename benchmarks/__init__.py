"""The speed of gradcheck beside what it replaces: `make bench`, or `python benchmarks/bench.py --quick` for a look."""
