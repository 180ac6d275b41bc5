"""The generated data set: spacecraft as engineers describe them, one module per part of the product."""
