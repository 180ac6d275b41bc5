"""The VersionOne face: meta.v1, rest-1.v1, query.v1 and their neighbours over one small database."""
