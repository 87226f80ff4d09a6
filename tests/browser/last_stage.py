"""What the test of publicities needs besides tests/browser/people.py: one application selected at the commission."""

from __future__ import annotations

import logging

import django


def main() -> None:
    """Give the managing authority's opinion, judge and select what lies at the commission."""
    django.setup()
    logging.disable(logging.INFO)
    from shidian.accounts.models import User
    from shidian.applications.models import Application
    from shidian.calls.queries import gates_until
    from shidian.reviews import actions as reviews
    from tests import steps
    from tests.browser import people

    officer = User.objects.get(email=people.OFFICER)
    application = Application.objects.get(office__key="commission", state="lodged")
    application = steps.fresh(application)
    steps.sign(
        application, gates_until(application.call, application.call.definition.destination.key), officer
    )
    steps.judge(application, officer)
    reviews.recommend(application, by=officer)


if __name__ == "__main__":
    main()
