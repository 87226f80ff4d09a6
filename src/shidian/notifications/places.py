"""Where a message leads: the page on which the thing is seen, by names of addresses. Without a page it leads nowhere."""

from __future__ import annotations

from django.urls import reverse

from shidian.dispatch.rules import waives
from shidian.notifications.told import Told


def portal_application(told: Told) -> str:
    """The application, for those who work on it."""
    application = told.application
    return reverse("portal:application", args=(application.reference,)) if application is not None else ""


def portal_board(told: Told) -> str:
    """The sign-off of the application."""
    return f"{portal_application(told)}#board"


def problem_list(told: Told) -> str:
    """The newest problem list of the application, for those who work on it."""
    application = told.application
    found = application.corrections.order_by("-pk").first() if application is not None else None
    if application is None or found is None:
        return portal_application(told)
    return reverse("portal:correction", args=(application.reference, found.number))


def desk_application(told: Told) -> str:
    """The application, for an office."""
    application = told.application
    return reverse("desk:application", args=(application.reference,)) if application is not None else ""


def publicity(told: Told) -> str:
    """The public page of the publicity."""
    return reverse("public:publicity", args=(told.publicity.reference,)) if told.publicity is not None else ""


def desk_objection(told: Told) -> str:
    """The objection, for the office that handles it."""
    return reverse("desk:objection", args=(told.objection.number,)) if told.objection is not None else ""


def desk_ruling(told: Told) -> str:
    """The decisions that wait for a second person."""
    return reverse("desk:ruling", args=(told.ruling.reference,)) if told.ruling is not None else ""


def desk_list(told: Told) -> str:
    """The list."""
    return reverse("desk:list-detail", args=(told.listed.reference,)) if told.listed is not None else ""


def quota(told: Told) -> str:
    """Where the office that may let the list pass over its quota decides."""
    listed = told.listed
    office = waives(listed.call, listed.office) if listed is not None else None
    if listed is None or office is None:
        return ""
    return reverse("desk:waivers", args=(listed.call.key, office.key))


def expert_own(told: Told) -> str:
    """What an expert looks after: its unit, its specialities, its declarations."""
    return reverse("desk:expert-own")


def readings(told: Told) -> str:
    """What an expert has to read."""
    return reverse("desk:readings")


def sheets(told: Told) -> str:
    """What an expert has to score, with the discussions."""
    return reverse("desk:sheets")


def sheet(told: Told) -> str:
    """The score sheet that the event is about, for its expert."""
    return reverse("desk:sheet", args=(told.event.detail["assignment"],))


def panel(told: Told) -> str:
    """The panel, for those who keep it."""
    return reverse("desk:panel", args=(told.panel.pk,)) if told.panel is not None else ""


def meeting(told: Told) -> str:
    """The panel's meeting, for its experts."""
    return reverse("desk:meeting-live", args=(told.panel.pk,)) if told.panel is not None else ""


def call(told: Told) -> str:
    """The public page of the call, with its deadlines."""
    return reverse("public:call", args=(told.call.key,)) if told.call is not None else ""


def unit(told: Told) -> str:
    """The page of the unit."""
    return reverse("portal:unit", args=(told.unit.pk,)) if told.unit is not None else ""
