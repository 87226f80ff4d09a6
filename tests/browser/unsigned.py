"""An application that was frozen and to which nobody has agreed; prints its reference.

Run as a program in the data folder of a server (`python -m tests.browser.unsigned [PARTNER ...]`), after
tests/browser/people.py.
"""

from __future__ import annotations

import logging
import sys
from io import BytesIO

import django

from tests.browser import people


def main(*partners: str) -> None:
    """Freeze one, with these partners."""
    django.setup()
    logging.disable(logging.INFO)
    from shidian.accounts.models import User
    from shidian.applications import actions
    from shidian.calls.models import Call
    from shidian.organisations.models import Membership
    from tests import steps

    writer = User.objects.get(email=people.OTHER_WRITER)
    unit = Membership.objects.get(user=writer).organisation
    original, call = Call.objects.order_by("pk")
    application = actions.start(call, unit, by=writer)
    answers = steps.filled(original)
    answers["parties"]["partners"] = [
        {"name": name, "code": "", "contact": "", "phone": ""} for name in partners
    ]
    steps.fill(application, answers, writer)
    for slot in call.definition.attachments:
        if slot.required:
            actions.attach(application, slot, BytesIO(steps.pdf_bytes()), name=f"{slot.label}.pdf", by=writer)
    actions.freeze(steps.fresh(application), by=writer)
    sys.stdout.write(application.reference)


if __name__ == "__main__":
    main(*sys.argv[1:])
