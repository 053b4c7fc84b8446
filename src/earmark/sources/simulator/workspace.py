"""The sample's teammates, teams and tags in the form of Intercom's API."""

from earmark.sources.simulator.dataset import JsonObject, WorkspaceProfile
from earmark.sources.simulator.grammar import Grammar

_FIRST_ADMIN = 5_017_300
_FIRST_TEAM = 6_220_040
_FIRST_TAG = 9_410_011


class Workspace:
    """What every conversation refers to."""

    def __init__(self, grammar: Grammar, founded_at: int) -> None:
        setting = grammar.setting
        self.setting = setting
        self.speech = grammar.speech
        self.profile = WorkspaceProfile(
            code=setting.code,
            name=setting.name,
            region=setting.region,
            timezone=setting.timezone,
            created_at=founded_at,
        )
        self.tag_names = (*(area.tag for area in setting.areas), *setting.tags)
        self.admins = tuple(self._describe_admin(at) for at in range(len(setting.admins)))
        self.teams = tuple(self._describe_team(at) for at in range(len(setting.teams)))
        self.tags = tuple(self.describe_tag(at) for at in range(len(self.tag_names)))

    def admin_id(self, position: int) -> int:
        """Intercom's identifier of a teammate."""
        return _FIRST_ADMIN + position * 7

    def team_id(self, position: int) -> int:
        """Intercom's identifier of a team."""
        return _FIRST_TEAM + position * 3

    def team_of(self, admin: int) -> int:
        """The position of a teammate's team."""
        return self.setting.teams.index(self.setting.admins[admin].team)

    def admin_email(self, position: int) -> str:
        """A teammate's address at work."""
        first = self.setting.admins[position].name.split()[0].lower()
        domain = self.setting.support_email.partition("@")[2]
        return f"{first.translate(_ACCENTS)}@{domain}"

    def describe_tag(self, position: int) -> JsonObject:
        """One tag."""
        return {"type": "tag", "id": str(_FIRST_TAG + position), "name": self.tag_names[position]}

    def find_tag(self, identifier: str) -> int | None:
        """The position of the tag with this identifier."""
        position = int(identifier) - _FIRST_TAG if identifier.isdigit() else -1
        return position if 0 <= position < len(self.tag_names) else None

    def _describe_admin(self, position: int) -> JsonObject:
        mate = self.setting.admins[position]
        return {
            "type": "admin",
            "id": str(self.admin_id(position)),
            "name": mate.name,
            "email": self.admin_email(position),
            "job_title": mate.title,
            "away_mode_enabled": False,
            "away_mode_reassign": False,
            "away_status_reason_id": None,
            "has_inbox_seat": True,
            "team_ids": [self.team_id(self.team_of(position))],
            "avatar": None,
        }

    def _describe_team(self, position: int) -> JsonObject:
        members = [
            self.admin_id(at)
            for at in range(len(self.setting.admins))
            if self.team_of(at) == position
        ]
        return {
            "type": "team",
            "id": str(self.team_id(position)),
            "name": self.setting.teams[position],
            "admin_ids": members,
            "admin_priority_level": {"primary_admin_ids": members, "secondary_admin_ids": []},
            "assignment_limit": None,
            "distribution_method": "round_robin",
        }


_ACCENTS = str.maketrans("áàâãäçéèêëíîïñóôõöúùûü", "aaaaaceeeeiiinoooouuuu")
