"""Hatchling hook that builds the web app into the package."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Filled in with the web app."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the web app."""
