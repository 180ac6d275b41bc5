"""What the JSON REST dialects share."""
