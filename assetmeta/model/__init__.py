"""Plain data that every other layer speaks: errors, values, codecs, schema, queries, plans. Standard library only."""
