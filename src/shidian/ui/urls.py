"""Addresses of the look itself."""

from django.urls import path

from . import views

app_name = "ui"

urlpatterns = [
    path("regions/<str:province>/", views.counties, name="counties"),
    path("industries/", views.industries, name="industries"),
]
