"""What sessions, queries and assets do beyond the core, each on a library that is loaded when it is used."""
