"""What sessions, queries and assets do beyond the core, each on a library that is loaded when it is used.

A session imports each file with its first use. What the session's signatures show before that is here.
"""

GIVE_UP_AFTER = 3600.0
"""Seconds without progress after which a job ends, by default."""

INTERVAL = 10.0
"""Seconds between two reads of `wait()`, by default."""

EVERY = 60.0
"""Seconds between two rounds of `watch()`, by default."""
