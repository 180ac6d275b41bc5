"""What a commit holds: the package it came in, its valohai.yaml, and the parameters its steps declare."""
