"""A fake runner of GitHub Actions that executes workflow files as they are.

    runner = FakeRunner(World(github, sources), directory, vars={…}, secrets={…})
    jobs = runner.run(Path(".github/workflows/ai-provision.yml"), "issue_comment", event)
    assert jobs["gate"].outputs["ok"] == "true"

Conditions, needs, outputs and inputs are evaluated from the files; `run` steps are executed by bash
with the runner's own arguments, variables and files; each job gets a machine and a token of its own
with exactly the permissions that the file gives it. A key or function of a workflow that is not
known here fails the test instead of being passed over.
"""

from tests.actions_runner.runner import FakeRunner, Job, Step
from tests.actions_runner.uses import World

__all__ = ["FakeRunner", "Job", "Step", "World"]
