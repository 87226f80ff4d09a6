"""Addresses of the look itself."""

from django.urls import path

from . import language, views

app_name = "ui"

urlpatterns = [
    path("regions/<str:province>/", views.counties, name="counties"),
    path("language/", language.choose, name="language"),
    path("industries/", views.industries, name="industries"),
]
