"""One file per outside system; each implements a port of schemas.ports."""
