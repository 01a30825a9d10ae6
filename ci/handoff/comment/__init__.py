"""The comment on a pull request: what a recommendation says there, and how strangers' text is held.

render     the comment and the explanation
about      what is handed in and out
escape     the only way in which untrusted text gets into Markdown
layout     visible part, folded parts, limits of length
summary    what changes, in one sentence, and how sure it is
numbers    the table
checks     findings, and what was not checked
cost       what it costs
why        the reasoning, number by number
patches    the patch as a diff
commands   what to write next

Importing this package is cheap.
"""
