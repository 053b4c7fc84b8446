"""Contacts and companies of the sample in the form of Intercom's API."""

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.dataset import Instant, JsonObject
from earmark.sources.simulator.plan import Plan
from earmark.sources.simulator.population import Firm, Person, Population


class ContactCollection:
    """The contacts, as the server wants them."""

    def __init__(self, population: Population, plan: Plan) -> None:
        self._population = population
        self._plan = plan

    @property
    def number(self) -> int:
        """All contacts, also those who never wrote."""
        return self._population.number

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        return self._population.contact_ids.encode(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._population.contact_ids.decode(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index, worked out anew at each call."""
        return self._population.contact_instants(field, np.arange(self.number, dtype=np.int64))

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """A column is kept for `role` only."""
        if field != "role":
            return None
        alone = self._population.firm_of(np.arange(self.number, dtype=np.int64)) < 0
        return alone if value == "lead" else ~alone & (value == "user")

    def document(self, index: int) -> JsonObject:
        """A contact in the form of version 2.16."""
        person = self._population.person(index)
        at = np.array([index], dtype=np.int64)
        return describe_contact(
            person,
            identifier=self.id_of(index),
            firm_id=self._population.firm_ids.encode(person.firm.number) if person.firm else None,
            workspace=self._plan.grammar.setting.code,
            created_at=int(self._population.contact_instants("created_at", at)[0]),
            updated_at=int(self._population.contact_instants("updated_at", at)[0]),
        )


def describe_contact(
    person: Person,
    *,
    identifier: str,
    firm_id: str | None,
    workspace: str,
    created_at: int,
    updated_at: int,
) -> JsonObject:
    """A contact in the form of version 2.16."""
    firm = person.firm
    job = "owner" if person.number % 4 == 0 else "staff"
    url = f"/contacts/{identifier}"
    companies = [{"id": firm_id, "type": "company", "url": f"/companies/{firm_id}"}] if firm else []
    listing = {"has_more": False}
    return {
        "type": "contact",
        "id": identifier,
        "external_id": f"u-{person.number + 1000}" if firm else None,
        "workspace_id": workspace,
        "role": "user" if firm else "lead",
        "email": person.email,
        "email_domain": person.email.partition("@")[2],
        "phone": person.phone if firm and person.number % 3 else None,
        "name": person.name if firm or person.number % 2 else None,
        "owner_id": None,
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": person.number % 11 == 0,
        "created_at": created_at,
        "updated_at": updated_at,
        "signed_up_at": created_at if firm else None,
        "last_seen_at": updated_at,
        "last_replied_at": None,
        "last_contacted_at": None,
        "last_email_opened_at": None,
        "last_email_clicked_at": None,
        "language_override": person.language if person.number % 2 else None,
        "browser": "chrome",
        "browser_version": "142.0",
        "browser_language": person.language,
        "os": "Windows 11" if person.number % 3 else "iOS 19.1",
        "location": {
            "type": "location",
            "country": firm.country if firm else None,
            "region": None,
            "city": None,
        },
        "custom_attributes": {"job": job} if firm else {},
        "avatar": None,
        "tags": {"data": [], "url": f"{url}/tags", "total_count": 0, **listing},
        "notes": {"data": [], "url": f"{url}/notes", "total_count": 0, **listing},
        "companies": {
            "data": companies,
            "url": f"{url}/companies",
            "total_count": len(companies),
            **listing,
        },
        "social_profiles": {"data": []},
        "merge_history": None,
    }


class CompanyCollection:
    """The companies, as the server wants them."""

    def __init__(self, population: Population, plan: Plan) -> None:
        self._population = population
        self._plan = plan

    @property
    def number(self) -> int:
        """All companies."""
        return self._population.firms

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        return self._population.firm_ids.encode(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._population.firm_ids.decode(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index, worked out anew at each call."""
        found = [self._population.firm_instant(field, index) for index in range(self.number)]
        return np.array(found, dtype=np.int64)

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """No column is kept."""
        del field, value
        return None

    def document(self, index: int) -> JsonObject:
        """The company of this index."""
        return self.describe(self._population.firm(index))

    def describe(self, firm: Firm) -> JsonObject:
        """A company in the form of version 2.16."""
        index = firm.number
        created = self._population.firm_instant("created_at", index)
        updated = self._population.firm_instant("updated_at", index)
        return {
            "type": "company",
            "id": self.id_of(index),
            "company_id": f"acct-{index + 100}",
            "app_id": self._plan.grammar.setting.code,
            "name": firm.name,
            "remote_created_at": created,
            "created_at": created,
            "updated_at": updated,
            "last_request_at": updated,
            "size": firm.seats,
            "website": f"https://www.{firm.domain}",
            "industry": firm.industry.name,
            "monthly_spend": firm.spend,
            "session_count": 20 + firm.seats * 31,
            "user_count": min(firm.seats, 60),
            "plan": {"type": "plan", "id": str(7000 + firm.plan.price), "name": firm.plan.name},
            "custom_attributes": {
                "billing_cycle": "yearly" if index % 3 == 0 else "monthly",
                "country": firm.country,
                "contract_value": str(firm.spend * 12),
            },
            "tags": {"type": "tag.list", "tags": []},
            "segments": {"type": "segment.list", "segments": []},
            "notes": {"type": "note.list", "notes": []},
        }
