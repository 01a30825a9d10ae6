"""Payloads of ``issue_comment`` as GitHub documents them, complete enough for its own schema."""

from tests.ci.chatops.world import REPOSITORY

FIELDS = (
    'git_repo: "https://github.com/octo-org/shop"\n'
    'app_description: "Inventory service, 2000 QPS peak, Go API and PostgreSQL"\n'
)
SIZE = f"/ai-provision\n{FIELDS}"
WHEN = "2026-11-21T10:30:00Z"
COMMENT_ID = 5_000_000
_API = f"https://api.github.com/repos/{REPOSITORY}"
_WEB = f"https://github.com/{REPOSITORY}"
_REACTIONS = {"url": f"{_API}/x", "total_count": 0} | dict.fromkeys(
    ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"), 0
)
_USER_URLS = ("gists_url", "repos_url", "avatar_url", "starred_url", "followers_url",
              "following_url", "organizations_url", "subscriptions_url", "received_events_url",
              "events_url")  # fmt: skip
_REPOSITORY_URLS = [
    "forks_url",
    "keys_url",
    "collaborators_url",
    "teams_url",
    "hooks_url",
    "issue_events_url",
    "events_url",
    "assignees_url",
    "branches_url",
    "tags_url",
    "blobs_url",
    "git_tags_url",
    "git_refs_url",
    "trees_url",
    "statuses_url",
    "languages_url",
    "stargazers_url",
    "contributors_url",
    "subscribers_url",
    "subscription_url",
    "commits_url",
    "git_commits_url",
    "comments_url",
    "issue_comment_url",
    "contents_url",
    "compare_url",
    "merges_url",
    "archive_url",
    "downloads_url",
    "issues_url",
    "pulls_url",
    "milestones_url",
    "notifications_url",
    "labels_url",
    "releases_url",
    "deployments_url",
]


def user(login, type="User"):
    web = f"https://github.com/{login}".replace("[", "%5B").replace("]", "%5D")
    return dict.fromkeys(_USER_URLS, web) | {
        "login": login,
        "id": 100 + len(login),
        "node_id": "U_kgDO",
        "gravatar_id": "",
        "url": web,
        "html_url": web,
        "type": type,
        "site_admin": False,
    }


def repository(full_name=REPOSITORY):
    owner, _, name = full_name.partition("/")
    counts = ("size", "stargazers_count", "watchers_count", "forks_count", "open_issues_count",
              "forks", "open_issues", "watchers")  # fmt: skip
    return dict.fromkeys(_REPOSITORY_URLS, _API) | dict.fromkeys(counts, 0) | {
        "id": 4242,
        "node_id": "R_kgDO",
        "name": name,
        "full_name": full_name,
        "private": True,
        "owner": user(owner, "Organization"),
        "html_url": f"https://github.com/{full_name}",
        "description": None,
        "fork": False,
        "url": f"https://api.github.com/repos/{full_name}",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "pushed_at": "2024-01-01T00:00:00Z",
        "git_url": "git://github.com/octo-org/shop.git",
        "ssh_url": "git@github.com:octo-org/shop.git",
        "clone_url": f"{_WEB}.git",
        "svn_url": _WEB,
        "homepage": None,
        "language": None,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private",
        "default_branch": "main",
        "custom_properties": {},
    }  # fmt: skip


def payload(
    body=SIZE,
    author="wren",
    *,
    action="created",
    type="User",
    association="MEMBER",
    pull_request=True,
    state="open",
    locked=False,
    draft=False,
    app=None,
    comment_id=COMMENT_ID,
    at=WHEN,
):
    """One event; the comment's author is also its sender, as GitHub sends it."""
    link = {"url": f"{_API}/pulls/7", "html_url": f"{_WEB}/pull/7",
            "diff_url": f"{_WEB}/pull/7.diff", "patch_url": f"{_WEB}/pull/7.patch",
            "merged_at": None}  # fmt: skip
    who = user(author, type)
    issue = {
        "url": f"{_API}/issues/7",
        "repository_url": _API,
        "labels_url": f"{_API}/issues/7/labels{{/name}}",
        "comments_url": f"{_API}/issues/7/comments",
        "events_url": f"{_API}/issues/7/events",
        "html_url": f"{_WEB}/pull/7",
        "id": 77,
        "node_id": "PR_kwDO",
        "number": 7,
        "title": "Add the inventory service",
        "user": user("ann"),
        "labels": [],
        "state": state,
        "locked": locked,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": 1,
        "created_at": "2026-11-20T09:00:00Z",
        "updated_at": at,
        "closed_at": None,
        "author_association": "MEMBER",
        "active_lock_reason": None,
        "draft": draft,
        "body": None,
        "reactions": _REACTIONS,
        "timeline_url": f"{_API}/issues/7/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
    } | ({"pull_request": link} if pull_request else {})
    comment = {
        "url": f"{_API}/issues/comments/{comment_id}",
        "html_url": f"{_WEB}/pull/7#issuecomment-{comment_id}",
        "issue_url": f"{_API}/issues/7",
        "id": comment_id,
        "node_id": "IC_kwDO",
        "user": who,
        "created_at": at,
        "updated_at": at,
        "author_association": association,
        "body": body,
        "reactions": _REACTIONS,
        "performed_via_github_app": app,
    }
    event = {"action": action, "issue": issue, "comment": comment,
             "repository": repository(), "sender": who}  # fmt: skip
    return event | ({"changes": {"body": {"from": "x"}}} if action == "edited" else {})
