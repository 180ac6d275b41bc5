"""A made-up laboratory that trains models for ships, the same for the same seed."""
