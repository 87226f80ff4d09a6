"""A person's account, and the record of failed sign-ins that locks it for a while."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy


class UserManager(BaseUserManager["User"]):
    """Creates accounts with a normalised address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an account; without a password it cannot sign in until one is set by its one-time link."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One person. What a person may do comes from memberships and offices; only two roles stand here.

    By the separation of system, safety and audit administration (GB/T 22239-2019), an administrator manages
    accounts but sees no application, and an auditor sees everything but changes nothing.
    """

    email = models.EmailField(gettext_lazy("电子邮箱"), unique=True)
    name = models.CharField(gettext_lazy("姓名"), max_length=60)
    phone = models.CharField(gettext_lazy("手机"), max_length=30, blank=True)
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(gettext_lazy("系统管理员"), default=False)
    is_auditor = models.BooleanField(gettext_lazy("审计员"), default=False)
    is_demonstration = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]  # noqa: RUF012

    objects = UserManager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(is_administrator=True, is_auditor=True),
                name="administrator_is_not_auditor",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name that the history keeps."""
        return self.name or self.email

    @property
    def chain(self) -> str:
        """The chain of this account's events."""
        return f"user:{self.pk}"


class SignInFailure(models.Model):
    """One failed attempt; five within half an hour lock the address for half an hour (GB/T 22239-2019, 8.1.4.1)."""

    email = models.CharField(max_length=254)
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = (models.Index(fields=("email", "at"), name="failure_email_at"),)

    def __str__(self) -> str:
        return f"{self.email} {self.at:%F %T}"
