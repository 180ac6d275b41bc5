"""The moving part of the face: the clock, what executions do, and how tasks and pipelines carry them on."""
