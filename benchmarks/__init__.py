"""Benchmarks: what assetmeta costs, beside v1pysdk, SQLAlchemy and the bare parsers doing the same work.

    python -m benchmarks                    every row, a table on the screen and in benchmarks/RESULTS.md
    python -m benchmarks decode walk        these rows only; RESULTS.md stays as it is
    python -m benchmarks --quick            small numbers, to see that everything runs

The sandbox runs in a process of its own. Peers take turns with us in the same run, medians of several rounds count.
"""
