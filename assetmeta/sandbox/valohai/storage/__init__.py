"""The object storage beside the API: an origin of its own that serves files to signed addresses."""
