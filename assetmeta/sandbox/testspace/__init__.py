"""The Testspace face of the sandbox: projects, spaces and results of automated and manual tests, with their metrics."""
