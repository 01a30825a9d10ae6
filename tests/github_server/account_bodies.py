"""Accounts, apps and permissions as JSON, with all fields that the API's description requires."""

from typing import Any

from tests.github_server.state import App, User

STARTED = "2026-01-01T00:00:00Z"
_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


class AccountBodies:
    """Writes objects as JSON.

    Args:
        api: Root of the API, without a final slash.
        web: Root of the pages.
        repository: ``owner/name``.
    """

    def __init__(self, api: str, web: str, repository: str, repository_id: int) -> None:
        self.api, self.web, self.name = api, web, repository
        self._id = repository_id

    @property
    def root(self) -> str:
        return f"{self.api}/repos/{self.name}"

    @property
    def root_by_id(self) -> str:
        """How GitHub writes the repository in Link headers and redirects."""
        return f"{self.api}/repositories/{self._id}"

    def user(self, user: User) -> dict[str, Any]:
        url = f"{self.api}/users/{user.login}"
        return {
            "login": user.login,
            "id": user.id,
            "node_id": f"U_{user.id}",
            "avatar_url": f"{self.web}/avatars/{user.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{user.login}",
            "type": user.type,
            "site_admin": False,
        } | {name: url + end for name, end in _USER_URLS.items()}

    def own_account(self, user: User) -> dict[str, Any]:
        """``GET /user``."""
        texts = ("bio", "blog", "company", "email", "hireable", "location", "name")
        counts = ("followers", "following", "public_gists", "public_repos")
        times = {"created_at": STARTED, "updated_at": STARTED}
        return self.user(user) | dict.fromkeys(texts) | dict.fromkeys(counts, 0) | times

    def permission(self, user: User, public: bool, old: bool) -> dict[str, Any]:
        """A collaborator's permission; an old server has no ``permissions`` and no role."""
        role = "read" if public and user.role == "none" else user.role
        coarse = {"maintain": "write", "triage": "read"}.get(role, role)
        if old:
            return {"permission": coarse, "user": self.user(user)}
        may = {
            "admin": user.at_least("admin"),
            "maintain": user.at_least("maintain"),
            "push": user.at_least("write"),
            "triage": user.at_least("triage"),
            "pull": role != "none",
        }
        name = user.role_name or role
        about = self.user(user) | {"permissions": may, "role_name": name}
        return {"permission": coarse, "role_name": name, "user": about}

    def installation(self, app: App, owner: User) -> dict[str, Any]:
        url = f"{self.api}/app/installations/{app.installation_id}"
        return {
            "id": app.installation_id,
            "account": self.user(owner),
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.web}/organizations/x/settings/installations/{app.installation_id}",
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": owner.id,
            "target_type": "Organization",
            "permissions": app.permissions,
            "events": ["issue_comment"],
            "repository_selection": "selected",
            "single_file_name": None,
            "created_at": STARTED,
            "updated_at": STARTED,
            "suspended_by": None,
            "suspended_at": None,
        }
