"""Reads and writes one repository on GitHub, or on GitHub Enterprise Server, through PyGithub.

`open_reader` gives an object that has no method which writes, `open_writer` one that writes and
tells nothing else. Importing this package imports the client: commands do so when they need it.

access       the two objects, with the credentials for each
reader       permissions, pull requests, comments
files        regular files of a commit
writer       reactions, comments, check runs
changes      branches, commits, pull requests
identity     the account that a token belongs to
credentials  tokens, and apps that are given one
session      one request: tried again where that is safe, errors in our words
connection   one HTTP exchange: no redirects, limits on time and size
faults       what a refusal means
answers      the parts of GitHub's answers that are read
names        what may stand in a path
"""

from adapters.github.access import open_reader, open_writer

__all__ = ["open_reader", "open_writer"]
