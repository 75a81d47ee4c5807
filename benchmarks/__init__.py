"""How quick flowkit is, as ratios to a plain loop or plain SQLite measured beside it: `python -m benchmarks`."""
