"""Benchmarks, by hand: `make bench`, or `make bench ARGS="send"`. Results go to docs/evidence.md."""
