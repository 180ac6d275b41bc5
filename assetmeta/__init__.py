"""assetmeta: remote asset servers as Python objects."""
