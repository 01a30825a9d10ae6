"""The MCP server: the pipeline's read-only tools for other programs' models."""
