"""What is asked for when a run is created: bodies of executions, tasks and pipelines, checked and completed."""
