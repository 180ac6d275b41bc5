"""The object types of the API as data, one module per part of the product."""
