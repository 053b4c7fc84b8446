"""The composition root: settings in, ready parts out."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from earmark.db import embedded, workspace_storage
from earmark.db.connection import Database, check_address, connect, open_database
from earmark.db.migration import migrate, require_current, schema_state
from earmark.db.models import Workspace
from earmark.db.spending_storage import Ceilings
from earmark.errors import ConfigurationError, EarmarkError
from earmark.jobs.dialects import StoredDialects
from earmark.jobs.queue import migrate_queue
from earmark.jobs.quota import SharedQuota
from earmark.llm.locality import is_local
from earmark.llm.provider_options import ModelOptions, Provider, parse_model
from earmark.settings import Settings
from earmark.sources.base import Source, SourceIdentity
from earmark.sources.intercom_options import API_VERSION, REGIONS, IntercomOptions

if TYPE_CHECKING:
    from earmark.llm.base import LanguageModel, Usage
    from earmark.llm.encoders import EncoderChoice
    from earmark.pipeline.batch_reading import Batches
    from earmark.pipeline.run import Services

_WATCH_SECONDS: Final = 2.0

_log = structlog.stdlib.get_logger(__name__)


class Wiring:
    """Everything that is built from one set of settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def embedded_directory(self) -> Path:
        """Where the embedded PostgreSQL lives."""
        return self.settings.data_dir / "postgres"

    @property
    def uses_embedded(self) -> bool:
        """Whether Earmark runs its own PostgreSQL."""
        return self.settings.secret("database_url") is None

    @asynccontextmanager
    async def conninfo(self) -> AsyncGenerator[str]:
        """How to connect; the embedded server runs, and is brought back, inside the block."""
        url = self.settings.secret("database_url")
        if url is not None:
            check_address(url.get_secret_value())
            yield url.get_secret_value()
            return
        async with embedded.running(self.embedded_directory) as server:
            watch = asyncio.create_task(self._keep_running(server.conninfo()))
            try:
                yield server.conninfo()
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)

    async def _keep_running(self, conninfo: str) -> None:
        """Start the embedded server again when something has killed it."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                async with connect(conninfo):
                    continue
            except EarmarkError as error:
                await _log.awarning("embedded_database_lost", error=error.what)
            try:
                async with embedded.running(self.embedded_directory):
                    await _log.awarning("embedded_database_restarted")
            except EarmarkError as error:
                await _log.aerror("embedded_database_not_restarted", error=error.what)

    @asynccontextmanager
    async def database(
        self, *, migrating: bool | None = None, max_size: int = 10
    ) -> AsyncGenerator[Database]:
        """A pool on a database of this program's schema.

        The embedded database is migrated on the way; another one only if `migrating` says so, since
        it may be shared with processes of an older version.
        """
        async with self.conninfo() as conninfo:
            async with connect(conninfo) as connection:
                if migrating if migrating is not None else self.uses_embedded:
                    await migrate(connection)
                else:
                    require_current(await schema_state(connection))
            async with open_database(conninfo, max_size=max_size) as database:
                await migrate_queue(database)
                yield database

    @property
    def _sync_every(self) -> timedelta | None:
        """Null without a token: there is nothing to look at."""
        minutes = self.settings.sync_minutes
        has_token = self.settings.secret("intercom_access_token") is not None
        return timedelta(minutes=minutes) if minutes and has_token else None

    @asynccontextmanager
    async def services(self) -> AsyncGenerator["Services"]:
        """What a worker needs."""
        # They load numpy, scipy and tables of names: 40 MB that no other process needs.
        from earmark.llm.clustering import GraphThemeFinder  # noqa: PLC0415
        from earmark.llm.encoders import encoders  # noqa: PLC0415
        from earmark.llm.local import LocalModels  # noqa: PLC0415
        from earmark.pipeline.cascade import Mode  # noqa: PLC0415
        from earmark.pipeline.embedding_costs import EmbeddingLedger  # noqa: PLC0415
        from earmark.pipeline.learn import ModelShelf  # noqa: PLC0415
        from earmark.pipeline.run import Services  # noqa: PLC0415
        from earmark.pipeline.spending import Spending  # noqa: PLC0415

        async with (
            self.database(max_size=8) as database,
            self._sources(database) as open_source,
            self.language_model(database) as language_model,
            encoders(self.encoder_choice(), EmbeddingLedger(database).keep) as open_encoder,
        ):
            settings = self.settings
            yield Services(
                database=database,
                open_source=open_source,
                shelf=ModelShelf(
                    LocalModels(apart=True),
                    open_encoder=open_encoder,
                    target_precision=self.settings.target_precision,
                ),
                finder=GraphThemeFinder(),
                sync_every=self._sync_every,
                mode=Mode(settings.model_mode),
                language_model=language_model,
                spending=Spending(
                    database, self.price_of, default_ceilings(settings), self.batch_price_of
                ),
                batches=self._batches(),
            )

    def _batches(self) -> "Batches | None":
        """Null where there are none: offline, and on servers that only speak as OpenAI does."""
        from earmark.llm.batches import open_batch_model  # noqa: PLC0415 - loads numpy
        from earmark.pipeline.batch_reading import Batches  # noqa: PLC0415

        options = self.model_options()
        if options is None or options.provider == "compatible":
            return None
        least = self.settings.batches_from
        return Batches(open=lambda: open_batch_model(options), least=least)

    def batch_price_of(self, model: str, usage: "Usage") -> Decimal | None:
        """What a call in a batch costs; as much as any other where nothing else is known."""
        cost = self.price_of(model, usage, batch=True)
        return self.price_of(model, usage) if cost is None else cost

    def price_of(self, model: str, usage: "Usage", *, batch: bool = False) -> Decimal | None:
        """What a call costs in US dollars; null where that is not known."""
        from earmark.llm.prices import Rates, price  # noqa: PLC0415 - only where money is spent

        settings = self.settings
        own: Rates | None = None
        if settings.price_input is not None and settings.price_output is not None:
            cached = settings.price_cached
            own = Rates(
                input=settings.price_input,
                cached=settings.price_input if cached is None else cached,
                output=settings.price_output,
            )
        elif settings.model_base_url is not None and is_local(settings.model_base_url):
            own = Rates(input=Decimal(0), cached=Decimal(0), output=Decimal(0))
        return price(model, usage, batch=batch, own=own)

    def encoder_choice(self) -> "EncoderChoice":
        """Which encoder the settings name; nothing is opened yet."""
        from earmark.llm.encoders import EncoderChoice  # noqa: PLC0415 - loads numpy

        settings = self.settings
        key = settings.secret("encoder_api_key")
        if key is None and settings.encoder_base_url is None:
            key = settings.secret("openai_api_key")  # never sent to any other address
        return EncoderChoice(
            name=settings.encoder,
            models_dir=settings.data_dir / "models",
            base_url=settings.encoder_base_url,
            api_key=key,
            local_only=settings.local_only,
            price=settings.encoder_price,
        )

    @asynccontextmanager
    async def language_model(self, database: Database) -> AsyncGenerator["LanguageModel | None"]:
        """The model that the settings name; null offline. Nothing is loaded or sent yet.

        Raises `ConfigurationError` if it cannot be what they say.
        """
        options = self.model_options()
        if options is None:
            yield None
            return
        # They load numpy, as above.
        from earmark.jobs.model_limits import SharedLimits  # noqa: PLC0415
        from earmark.llm.provider import open_language_model  # noqa: PLC0415

        limits = SharedLimits(database, options)
        shelf = StoredDialects(database)
        async with open_language_model(options, limits=limits, shelf=shelf) as model:
            yield model

    def model_options(self) -> ModelOptions | None:
        """Which language model is meant; null offline."""
        settings = self.settings
        if settings.model_mode == "offline":
            return None
        if settings.model is None:
            raise ConfigurationError(
                f"EARMARK_MODE={settings.model_mode} needs a language model.",
                why="EARMARK_MODEL is not set.",
                fix="Set it to one such as openai:gpt-5-mini, or EARMARK_MODE=offline.",
            )
        provider, model = parse_model(settings.model)
        return ModelOptions(
            provider=provider,
            model=model,
            base_url=settings.model_base_url,
            api_key=settings.secret("model_api_key") or self._key_of(provider),
            local_only=settings.local_only,
            concurrency=settings.model_concurrency,
            requests_per_minute=settings.model_requests_per_minute,
            tokens_per_minute=settings.model_tokens_per_minute,
        )

    def _key_of(self, provider: Provider) -> SecretStr | None:
        """The provider's own variable; its key is never sent to a server elsewhere."""
        if provider == "openai":
            return self.settings.secret("openai_api_key")
        return self.settings.secret("anthropic_api_key") if provider == "anthropic" else None

    @asynccontextmanager
    async def _sources(
        self, database: Database
    ) -> AsyncGenerator[Callable[[int], AbstractAsyncContextManager[Source]]]:
        """Opens the source of a workspace, once: it stays open for the worker's life."""
        opened: dict[int, Source] = {}
        opening = asyncio.Lock()
        async with AsyncExitStack() as stack:

            @asynccontextmanager
            async def open_source(workspace_id: int) -> AsyncGenerator[Source]:
                async with opening:
                    if workspace_id not in opened:
                        opened[workspace_id] = await stack.enter_async_context(
                            self.source_of(database, workspace_id)
                        )
                yield opened[workspace_id]

            yield open_source

    @asynccontextmanager
    async def source(self, database: Database | None = None) -> AsyncGenerator[Source]:
        """The source that the settings name; raises `ConfigurationError` without a token.

        With a database, the request quota is shared with all processes that use the token.
        """
        from earmark.sources.intercom_client import (  # noqa: PLC0415 - loads the HTTP library
            open_intercom,
        )

        options = self.intercom_options()
        quota = SharedQuota(database, options.token) if database is not None else None
        async with open_intercom(options, quota) as source:
            yield source

    @asynccontextmanager
    async def source_of(self, database: Database, workspace_id: int) -> AsyncGenerator[Source]:
        """The same, if it is that of the workspace: two workspaces must never be mixed."""
        async with self.source(database) as source:
            identity = await source.identity()
            async with database.read() as reader:
                workspaces = await workspace_storage.list_workspaces(reader)
            wanted = next((item for item in workspaces if item.id == workspace_id), None)
            if wanted is None or wanted.code != identity.code:
                name = wanted.code if wanted else f"number {workspace_id}"
                raise ConfigurationError(
                    f"The access token does not belong to workspace {name}.",
                    why=f"It belongs to {identity.code}.",
                    fix="Set INTERCOM_ACCESS_TOKEN to a token of that workspace; a sample workspace"
                    " is read again by `earmark demo` alone.",
                )
            yield source

    def intercom_options(self) -> IntercomOptions:
        """How to reach Intercom; raises `ConfigurationError` without a token."""
        settings = self.settings
        token = settings.secret("intercom_access_token")
        if token is None:
            raise ConfigurationError(
                "There is no access token for Intercom.",
                why="INTERCOM_ACCESS_TOKEN is not set.",
                fix="Set it in the environment or in .env (Intercom: Developer Hub, your app,"
                " Authentication), or try Earmark without one: `earmark demo`.",
            )
        return IntercomOptions(
            token=token,
            base_url=settings.intercom_base_url or REGIONS[settings.intercom_region],
            api_version=settings.intercom_api_version or API_VERSION,
            concurrency=settings.intercom_concurrency,
        )


def default_ceilings(settings: Settings) -> Ceilings:
    """What models may cost where a workspace has no ceilings of its own."""
    return Ceilings(
        run=settings.ceiling_run, day=settings.ceiling_day, total=settings.ceiling_workspace
    )


async def register_workspace(
    database: Database, identity: SourceIdentity, *, kind: str
) -> Workspace:
    """The workspace that a source speaks for, made on first sight."""
    async with database.write() as connection:
        return await workspace_storage.upsert_workspace(
            connection,
            code=identity.code,
            name=identity.name,
            kind=kind,
            region=identity.region,
            timezone=identity.timezone,
        )
