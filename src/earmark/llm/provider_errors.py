"""What providers and their libraries say of a failure, in our words.

Bodies of answers are never repeated: they may hold a part of the key, or of what customers wrote.
Of a provider's words only its short error code is shown.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from pydantic_ai import exceptions as theirs

from earmark.errors import ModelAnswerUnusable, ModelError, ModelRejected, ModelUnavailable
from earmark.llm.dialects import FormRefused
from earmark.llm.limits import Busy
from earmark.llm.provider_options import KEY_VARIABLES, OFFLINE_WAY, ModelOptions

_CODE: Final = re.compile(r"[a-z][a-z0-9_.-]{2,59}", re.IGNORECASE)
_LONGEST_RETRY_AFTER: Final = 3_600.0


def translate(error: Exception, options: ModelOptions) -> ModelError:
    """The error of `errors.py` for one of pydantic-ai; the caller raises it `from None`."""
    why = f"{options.address} answered {_said(error)}."
    makers: dict[type[Exception], Callable[[], ModelError]] = {
        theirs.ModelQuotaExceededError: lambda: _no_credit(options, why),
        theirs.ModelAuthenticationError: lambda: _wrong_key(options, why),
        theirs.ModelNotFoundError: lambda: _not_found(error, options, why),
        theirs.ModelContextWindowExceededError: lambda: _too_long(options, why),
        theirs.ModelConnectionError: lambda: _unreachable(error, options),
        theirs.ModelRateLimitError: lambda: _busy(error, options, why),
        theirs.ModelUnavailableError: lambda: _busy(error, options, why),
        theirs.ModelHTTPError: lambda: _other_status(error, options, why),
    }
    for kind, make in makers.items():
        if isinstance(error, kind):
            return make()
    return not_a_model_server(options, f"What {options.address} answered is no model's answer.")


def translate_status(
    status: int, code: str | None, body: object, options: ModelOptions
) -> ModelError:
    """The error for an HTTP status that a provider's own library reports."""
    categories = {
        401: theirs.ModelAuthenticationError,
        402: theirs.ModelQuotaExceededError,
        403: theirs.ModelAuthenticationError,
        404: theirs.ModelNotFoundError,
        429: theirs.ModelRateLimitError,
        503: theirs.ModelUnavailableError,
        529: theirs.ModelUnavailableError,
    }
    is_quota = code in ("insufficient_quota", "billing_hard_limit_reached", "billing_error")
    category = theirs.ModelQuotaExceededError if is_quota else categories.get(status)
    error = theirs.ModelHTTPError.for_category(
        category,
        status_code=status,
        model_name=options.model,
        body=body,
        provider_error_code=code,
    )
    return translate(error, options)


def not_a_model_server(options: ModelOptions, why: str) -> ModelRejected:
    """Something else lives at that address."""
    return ModelRejected(
        f"There is no model server at {options.address}.",
        why=why,
        fix="Set EARMARK_MODEL_BASE_URL to the address under which the server speaks OpenAI's"
        f" protocol; for most servers it ends in /v1. {OFFLINE_WAY}",
    )


def _busy(error: Exception, options: ModelOptions, why: str) -> Busy:
    return Busy(
        f"{options.name} has no room for this request now.",
        why=why,
        fix="It is tried again later.",
        retry_after=_retry_after(error),
    )


def _too_long(options: ModelOptions, why: str) -> ModelAnswerUnusable:
    return ModelAnswerUnusable(f"The text is longer than {options.name} can read.", why=why)


def _other_status(error: Exception, options: ModelOptions, why: str) -> ModelError:
    status: int = getattr(error, "status_code", 0)
    if getattr(error, "provider_error_type", None) == "exceed_context_size_error":  # llama.cpp
        return _too_long(options, why)
    if status in (300, 301, 302, 303, 307, 308, 405):
        return not_a_model_server(options, why)
    if status == 408:
        return ModelUnavailable(f"{options.name} took too long.", why=why)
    return FormRefused(
        f"{options.name} did not take the request.", why=why, is_server_error=status >= 500
    )


def _no_credit(options: ModelOptions, why: str) -> ModelRejected:
    return ModelRejected(
        f"The account for {options.name} has no credit or quota left.",
        why=why,
        fix="Add credit or raise the limit with the provider; what is not classified yet waits."
        f" {OFFLINE_WAY}",
    )


def _wrong_key(options: ModelOptions, why: str) -> ModelRejected:
    variable = KEY_VARIABLES[options.provider]
    missing = options.api_key is None
    return ModelRejected(
        f"{options.name} wants a key." if missing else f"{options.name} refuses the key.",
        why=why,
        fix=f"Set {variable} to a key that may use this model. {OFFLINE_WAY}",
    )


def _not_found(error: Exception, options: ModelOptions, why: str) -> ModelRejected:
    """A server that knows the protocol says in its own words that the model is unknown."""
    if not _is_error_document(getattr(error, "body", None)):
        return not_a_model_server(options, why)
    return ModelRejected(
        f"{options.address} knows no model {options.model}.",
        why=why,
        fix=f"Set EARMARK_MODEL to a model that this server and key may use. {OFFLINE_WAY}",
    )


def _is_error_document(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    document = cast("dict[str, Any]", body)
    inner = document.get("error", document)
    return isinstance(inner, str) or (
        isinstance(inner, dict) and bool({"message", "type", "code"} & set(cast("Any", inner)))
    )


def _unreachable(error: Exception, options: ModelOptions) -> ModelUnavailable:
    phase = getattr(error, "phase", None)
    if isinstance(error, theirs.ModelTimeoutError):
        why = f"No answer from {options.address} within {options.timeout_seconds:g} seconds."
    elif phase == "connect":
        why = f"No connection to {options.address}."
    else:
        why = f"The connection to {options.address} was cut off."
    return ModelUnavailable(
        f"{options.name} cannot be reached.",
        why=why,
        fix="Check that the server runs and EARMARK_MODEL_BASE_URL is right; it is tried again.",
    )


def _said(error: Exception) -> str:
    """Status and code, and nothing else of what the provider says."""
    status = getattr(error, "status_code", None)
    codes = [getattr(error, name, None) for name in ("provider_error_code", "provider_error_type")]
    code = next((c for c in codes if isinstance(c, str) and _CODE.fullmatch(c)), None)
    number = f"HTTP {status}" if status is not None else "with an error"
    return f"{number} ({code})" if code else number


def _retry_after(error: Exception) -> float | None:
    """Seconds; some servers write parts of them, which the library does not read."""
    seconds: object = getattr(error, "retry_after", None)
    if seconds is None:
        headers = cast("Mapping[str, str]", getattr(error, "headers", None) or {})
        seconds = headers.get("retry-after")
    try:
        value = float(cast("str", seconds))
    except (TypeError, ValueError):
        return None
    return min(value, _LONGEST_RETRY_AFTER) if value >= 0 else None
