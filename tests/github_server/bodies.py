"""The JSON of each kind of object."""

from typing import Any

from tests.github_server.code_bodies import CodeBodies
from tests.github_server.pull_bodies import PullBodies
from tests.github_server.state import CheckRun, Comment, Reaction, User


class Bodies(CodeBodies, PullBodies):
    """Writes every kind of object."""

    def comment(self, comment: Comment, author: User, role: str) -> dict[str, Any]:
        url = f"{self.root}/issues/comments/{comment.id}"
        page = f"{self.web}/{self.name}/pull/{comment.number}"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": url,
            "html_url": f"{page}#issuecomment-{comment.id}",
            "issue_url": f"{self.root}/issues/{comment.number}",
            "body": comment.body,
            "user": self.user(author),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": role,
            "performed_via_github_app": None,
        }

    def reaction(self, reaction: Reaction, author: User) -> dict[str, Any]:
        return {
            "id": reaction.id,
            "node_id": f"REA_{reaction.id}",
            "user": self.user(author),
            "content": reaction.content,
            "created_at": reaction.created_at,
        }

    def check_run(self, run: CheckRun) -> dict[str, Any]:
        url = f"{self.root}/check-runs/{run.id}"
        return {
            "id": run.id,
            "node_id": f"CR_{run.id}",
            "head_sha": run.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": f"{self.web}/{self.name}/runs/{run.id}",
            "details_url": run.details_url,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "name": run.name,
            "check_suite": {"id": 1},
            "app": None,
            "pull_requests": [],
        }
