"""Queries that are evaluated in the client, over the lists that a server sends."""
