"""Argon2 with bounded memory: a burst of sign-ins before a deadline must not exhaust a small machine."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class BoundedArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes, the OWASP minimum, instead of Django's 100 MiB."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
