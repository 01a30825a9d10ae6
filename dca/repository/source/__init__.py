"""What the source code says: language, framework, libraries, routes."""
