"""The Valohai face: projects, runs, data, models and deployments behind `/api/v0/` and a token."""
