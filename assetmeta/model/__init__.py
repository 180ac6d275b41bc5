"""Plain data that every other layer uses: errors, values, codecs, schema, queries, plans. Of other
libraries it needs msgspec alone, for frozen values that are quick to make and to import.
"""
