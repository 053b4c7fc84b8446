"""Why a server cannot listen."""

import errno

from earmark.errors import ConfigurationError


def port_error(error: OSError, host: str, port: int) -> ConfigurationError:
    """Why a server cannot listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} is taken.",
            why=f"Another program listens on {host}:{port}.",
            fix="Stop it, or choose another port with --port (0: any free).",
        )
    return ConfigurationError(
        f"No server can listen on {host}:{port}.",
        why=f"{error.strerror or error}.",
        fix="Choose another port with --port (0: any free), or another EARMARK_HOST.",
    )
