"""Repositories and pull requests as JSON."""

from typing import Any

from tests.github_server.account_bodies import STARTED, AccountBodies
from tests.github_server.state import Pull, User

_REPOSITORY_LISTS = (
    "archive,assignees,blobs,branches,collaborators,comments,commits,compare,contents,contributors",
    "deployments,downloads,events,forks,git_commits,git_refs,git_tags,hooks,issue_comment",
    "issue_events,issues,keys,labels,languages,merges,milestones,notifications,pulls,releases",
    "stargazers,statuses,subscribers,subscription,tags,teams,trees",
)
_REPOSITORY_URLS = ",".join(_REPOSITORY_LISTS).split(",")


class PullBodies(AccountBodies):
    """What the routes of pull requests answer."""

    def repository(self, owner: User, full_name: str, private: bool, fork: bool) -> dict[str, Any]:
        root, page = f"{self.api}/repos/{full_name}", f"{self.web}/{full_name}"
        counts = [
            "forks",
            "forks_count",
            "open_issues",
            "open_issues_count",
            "size",
            "stargazers_count",
        ]
        flags = ["archived", "disabled", "has_pages", "has_downloads", "has_projects", "has_wiki"]
        nothing = ["description", "homepage", "language", "license", "mirror_url"]
        times = dict.fromkeys(("created_at", "updated_at", "pushed_at"), STARTED)
        about = {
            "id": self._id + int(fork),
            "node_id": f"R_{self._id + int(fork)}",
            "name": full_name.partition("/")[2],
            "full_name": full_name,
            "owner": self.user(owner),
            "private": private,
            "fork": fork,
            "html_url": page,
            "url": root,
            "clone_url": f"{page}.git",
            "git_url": f"git:{page.partition(':')[2]}.git",
            "ssh_url": f"git@github.example:{full_name}.git",
            "svn_url": page,
            "default_branch": "main",
            "has_issues": True,
        }
        about |= {f"{name}_url": f"{root}/{name}" for name in _REPOSITORY_URLS}
        about |= dict.fromkeys([*counts, "stargazers_count", "watchers", "watchers_count"], 0)
        return about | dict.fromkeys(flags, False) | dict.fromkeys(nothing) | times

    def pull(
        self, pull: Pull, users: tuple[User, User], head: Any, base: dict[str, Any]
    ) -> dict[str, Any]:
        """A pull request.

        Args:
            pull: What it is.
            users: Its author, and the owner of the base repository.
            head: The head repository as JSON; None when it is gone.
            base: The base repository as JSON.
        """
        author, owner = users
        url, page = f"{self.root}/pulls/{pull.number}", f"{self.web}/{self.name}/pull/{pull.number}"
        issue = f"{self.root}/issues/{pull.number}"
        urls = {
            "url": url,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.root}/pulls/comments{{/number}}",
            "comments_url": f"{issue}/comments",
            "statuses_url": f"{self.root}/statuses/{pull.head_sha}",
        }
        head_owner = (pull.head_repository or self.name).partition("/")[0]
        counts = ("comments", "review_comments", "commits", "additions", "deletions")
        nothing = [
            "auto_merge",
            "assignee",
            "milestone",
            "merged_by",
            "merge_commit_sha",
            "mergeable",
        ]
        times = {"created_at": pull.created_at, "updated_at": pull.created_at}
        return (
            urls
            | dict.fromkeys(nothing)
            | dict.fromkeys(counts, 0)
            | times
            | {
                "closed_at": None if pull.state == "open" else pull.created_at,
                "merged_at": None,
                "merge_commit_sha": None,
                "id": 9000 + pull.number,
                "node_id": f"PR_{pull.number}",
                "number": pull.number,
                "state": pull.state,
                "locked": pull.locked,
                "title": pull.title,
                "user": self.user(author),
                "body": pull.body,
                "labels": [],
                "assignees": [],
                "requested_reviewers": [],
                "requested_teams": [],
                "draft": pull.draft,
                "head": {
                    "label": f"{head_owner}:{pull.head_ref}",
                    "ref": pull.head_ref,
                    "sha": pull.head_sha,
                    "user": self.user(author),
                    "repo": head,
                },
                "base": {
                    "label": f"{self.name.partition('/')[0]}:{pull.base_ref}",
                    "ref": pull.base_ref,
                    "sha": pull.base_sha,
                    "user": self.user(owner),
                    "repo": base,
                },
                "_links": {
                    "self": {"href": url},
                    "html": {"href": page},
                    "issue": {"href": issue},
                    "comments": {"href": urls["comments_url"]},
                    "review_comments": {"href": urls["review_comments_url"]},
                    "review_comment": {"href": urls["review_comment_url"]},
                    "commits": {"href": urls["commits_url"]},
                    "statuses": {"href": urls["statuses_url"]},
                },
                "author_association": "CONTRIBUTOR",
                "changed_files": 1,
                "merged": False,
                "mergeable_state": "unknown",
                "maintainer_can_modify": False,
            }
        )
