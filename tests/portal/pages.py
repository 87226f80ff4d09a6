"""What the tests of the pages share: reading a page, and posting the form that it shows."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from shidian.accounts.models import User
from shidian.applications.models import Application


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(name: str, application: Application, **more: Any) -> str:
    return reverse(f"portal:{name}", kwargs={"reference": application.reference, **more})


def text_of(response: HttpResponse) -> str:
    return unescape(response.content.decode())


def title_of(response: HttpResponse) -> str:
    found = re.search(r"<title>(.*?)</title>", text_of(response), re.DOTALL)
    assert found is not None
    return found[1]


def hidden(response: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', response.content.decode())
    assert found is not None, name
    return unescape(found[1])


def numbers(client: Client, application: Application, section: str) -> str:
    """What a page of this section, opened now, would post back of what it has seen."""
    return hidden(client.get(at("section", application, section=section)), "numbers")


def posted(section: Any, values: dict[str, Any]) -> dict[str, str]:
    """The controls that a browser would post for these answers."""
    data: dict[str, str] = {}
    for field in section.fields:
        value = values.get(field.key)
        if isinstance(value, dict):
            data.update({f"{field.key}-{part}": text for part, text in value.items()})
        elif isinstance(value, list):
            for no, row in enumerate(value, start=1):
                data.update({f"{field.key}-{no}-{column}": text for column, text in row.items()})
        elif value is not None:
            data[field.key] = str(value)
    return data
