"""Everything that says how a repository is deployed: manifests, charts, compose files."""
