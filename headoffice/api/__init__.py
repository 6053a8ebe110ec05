"""The HTTP API for the chain's administrators and its own systems; ``/openapi.json`` describes it."""
