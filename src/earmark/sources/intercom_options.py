"""How to reach Intercom; apart from the client, so that naming it loads no HTTP library."""

from typing import Final

from pydantic import SecretStr

from earmark.db.models import Model

API_VERSION: Final = "2.16"
REGIONS: Final = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}


class IntercomOptions(Model):
    """How to reach one workspace."""

    token: SecretStr
    base_url: str
    api_version: str = API_VERSION
    concurrency: int = 64
    """The most requests in flight at once."""
    timeout_seconds: float = 60
    """For one whole answer; connecting may take a sixth of it."""
    attempts: int = 6
    backoff_seconds: float = 0.5
    """Upper bound of the first wait; it doubles with each attempt, up to a minute."""
