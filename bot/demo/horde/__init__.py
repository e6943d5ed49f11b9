"""A stand-in for the AI Horde on the loopback interface, for the demo and the tests.

Formats, order of checks, return codes, limits and idempotency are those observed of AI-Horde 5.1.5.
"""
