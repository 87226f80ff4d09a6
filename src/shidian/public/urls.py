"""Addresses of the public pages."""

from django.urls import path

from . import views

app_name = "public"

urlpatterns = [
    path("", views.home, name="home"),
    path("calls/<slug:key>/", views.call, name="call"),
    path("calls/<slug:key>/notice/", views.call_notice, name="call-notice"),
    path("calls/<slug:key>/form.pdf", views.call_form, name="call-form"),
    path("calls/<slug:key>/form.docx", views.call_form_word, name="call-form-word"),
    path("help/", views.help_index, name="help"),
    path("help/applicant/", views.help_applicant, name="help-applicant"),
    path("help/official/", views.help_official, name="help-official"),
    path("accessibility/", views.accessibility, name="accessibility"),
]
