"""Where a party is written to about its opinion, and how an address is shown to others."""

from __future__ import annotations

from django.conf import settings

from shidian.signoffs.models import Contact, Link, Party, Round
from shidian.signoffs.queries import of_body


def contact_of(party: Party) -> Contact | None:
    """The newest contact of the party's body, given in whatever round of the document."""
    return of_body(Contact.objects.all(), party).last()


def contacts_of(round_: Round) -> dict[tuple[str, str, str], Contact]:
    """The newest contact of every body of the document, by the body; in one query."""
    rows = Contact.objects.filter(party__round__version__document=round_.version.document_id)
    return {row.party.body: row for row in rows.select_related("party").order_by("pk")}


def channel_of(contact: Contact) -> Link.Channel:
    """The second channel, for the code: a short message, another address, or the same one in a letter of its own."""
    if contact.mobile and settings.SMS:
        return Link.Channel.SMS
    second = contact.second_email and contact.second_email != contact.email
    return Link.Channel.SECOND_MAIL if second else Link.Channel.MAIL


def masked(address: str) -> str:
    """An address or a number as others may see it: z***@example.cn, 138****0000."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{address[:3]}****{address[-4:]}" if len(address) >= 11 else "****"
