"""Every error that a person can meet.

EarmarkError
├── ConfigurationError          a setting is missing or makes no sense (exit code 3)
├── SourceError                 the conversation source answered, and the answer is a refusal
│   ├── SourceUnauthorized      401: token missing, wrong or withdrawn
│   ├── SourceForbidden         402, 403: scope or plan does not allow it
│   ├── SourceNotFound          404, 410: the object is gone; a record, not a failure
│   ├── SourceRejected          400, 422: the request is wrong; our defect or a version mismatch
│   └── SourceUnavailable       429, 5xx, timeouts, cut-off or unparsable answers: retryable
├── ModelError                  a language model or an encoder did not do what it was asked
│   ├── ModelRejected           wrong key, no credit, unknown model, no model server
│   ├── ModelUnavailable        429, 5xx, timeouts, cut-off answers: retryable
│   └── ModelAnswerUnusable     an answer came, and was not usable, also after a repair
├── BudgetReached               a ceiling would be crossed: the work waits (exit code 5)
├── DatabaseError
│   ├── DatabaseUnavailable     cannot be reached, or the connection was lost: retryable
│   ├── DatabaseFull            no space left on the database's disk: retryable once there is space
│   └── SchemaMismatch          the schema is older or newer than this program
├── NotFound                    no such workspace, conversation, theme, story or run
├── Unsigned                    a notification that nobody we know has signed
├── Conflict                    the request is sound, the present state forbids it
├── VersionMissing              an edit does not say which version it was made of
├── VersionStale                an edit was made of a version that is not the last one any more
└── InvalidInput                a value that the caller gave cannot be used

Each carries what happened, why, and what to do next; its class decides the HTTP status, the exit
code and whether a job may be retried.
"""

from typing import ClassVar


class EarmarkError(Exception):
    """Base of all errors; `what` is one sentence, `why` and `fix` may be empty."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    slug: ClassVar[str] = "internal"

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.fix) if part)


class ConfigurationError(EarmarkError):
    """A setting is missing or makes no sense."""

    status = 503
    exit_code = 3
    slug = "configuration"


class SourceError(EarmarkError):
    """The conversation source refused; `http_status` and `code` are what it said, if anything."""

    status = 502
    slug = "source"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        http_status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.http_status = http_status
        self.code = code


class SourceUnauthorized(SourceError):
    """The token is missing, wrong or withdrawn."""

    exit_code = 3
    slug = "source-unauthorized"


class SourceForbidden(SourceError):
    """The token's scopes or the subscription do not allow the call."""

    exit_code = 3
    slug = "source-forbidden"


class SourceNotFound(SourceError):
    """The object is not there any more."""

    slug = "source-not-found"


class SourceRejected(SourceError):
    """The source calls the request itself wrong; sending it again cannot help."""

    slug = "source-rejected"


class SourceUnavailable(SourceError):
    """No usable answer this time; the same request may succeed later."""

    retryable = True
    slug = "source-unavailable"


class ModelError(EarmarkError):
    """A language model or an encoder did not do what it was asked.

    Its tokens were spent all the same: the numbers count what came before the failure, too.
    """

    status = 502
    slug = "model"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        input_tokens: int = 0,
        output_tokens: int = 0,
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens


class ModelRejected(ModelError):
    """The provider refuses: the key, the account, the name of the model or the address is wrong."""

    exit_code = 3
    slug = "model-rejected"


class ModelUnavailable(ModelError):
    """No usable answer this time; the same request may succeed later."""

    retryable = True
    slug = "model-unavailable"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        input_tokens: int = 0,
        output_tokens: int = 0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(
            what, why=why, fix=fix, input_tokens=input_tokens, output_tokens=output_tokens
        )
        self.retry_after = retry_after
        """Seconds that the provider asks to wait, if it said so."""


class ModelAnswerUnusable(ModelError):
    """The answer stayed unusable after one repair, or the model will not read this text."""

    slug = "model-answer-unusable"


class BudgetReached(EarmarkError):
    """The next call could cross a ceiling, so it is not made; the work waits."""

    status = 409
    exit_code = 5
    slug = "budget-reached"


class DatabaseError(EarmarkError):
    """PostgreSQL refused or failed."""

    status = 503
    slug = "database"


class DatabaseUnavailable(DatabaseError):
    """PostgreSQL cannot be reached, or the connection was lost."""

    retryable = True
    slug = "database-unavailable"


class DatabaseFull(DatabaseError):
    """PostgreSQL has no space left on its disk."""

    status = 507
    retryable = True
    slug = "database-full"


class SchemaMismatch(DatabaseError):
    """The schema is older or newer than this program expects."""

    exit_code = 3
    slug = "schema-mismatch"


class NotFound(EarmarkError):
    """The named thing does not exist in this workspace."""

    status = 404
    slug = "not-found"


class Conflict(EarmarkError):
    """The present state forbids the request."""

    status = 409
    slug = "conflict"


class VersionMissing(EarmarkError):
    """An edit must say which version of the thing it was made of."""

    status = 428
    exit_code = 2
    slug = "version-missing"


class VersionStale(EarmarkError):
    """Somebody else has edited it since."""

    status = 412
    slug = "version-stale"


class InvalidInput(EarmarkError):
    """A value that the caller gave cannot be used."""

    status = 422
    exit_code = 2
    slug = "invalid-input"


class Unsigned(EarmarkError):
    """The sender has not shown that it is who it says it is."""

    status = 401
    slug = "unsigned"
