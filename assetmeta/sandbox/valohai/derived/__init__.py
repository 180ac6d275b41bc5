"""Values that are worked out when they are read, one module per part of the product, each with its `DERIVED`."""
