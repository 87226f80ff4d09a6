"""Addresses of the look itself."""

from django.urls import path

from . import language, messages, views

app_name = "ui"

urlpatterns = [
    path("regions/<str:province>/", views.counties, name="counties"),
    path("language/", language.choose, name="language"),
    path("industries/", views.industries, name="industries"),
    # What one is told, and one's deadlines
    path("messages/", messages.page, name="messages"),
    path("messages/read/", messages.reading, name="messages-read"),
    path("messages/preferences/", messages.preferences, name="message-preferences"),
    path("messages/calendar/", messages.calendar, name="calendar"),
    path("messages/<int:pk>/", messages.opening, name="message"),
    path("calendar/<slug:token>.ics", messages.feed, name="calendar-feed"),
    path(
        "calendar/<slug:call>/<slug:stage>/<slug:deadline>.ics", messages.deadline, name="calendar-deadline"
    ),
]
