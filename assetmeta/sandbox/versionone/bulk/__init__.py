"""api/asset: many creates, updates, operations and queries in one request."""
