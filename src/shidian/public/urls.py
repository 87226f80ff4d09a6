"""Addresses of the public pages."""

from django.urls import path, re_path

from . import publicities, receipts, views

app_name = "public"

urlpatterns = [
    path("", views.home, name="home"),
    path("calls/<slug:key>/", views.call, name="call"),
    path("calls/<slug:key>/notice/", views.call_notice, name="call-notice"),
    path("calls/<slug:key>/form.pdf", views.call_form, name="call-form"),
    path("calls/<slug:key>/form.docx", views.call_form_word, name="call-form-word"),
    path("calls/<slug:key>/results/", publicities.results, name="results"),
    path("publicities/<str:reference>/", publicities.publicity, name="publicity"),
    path("publicities/<str:reference>/notice.pdf", publicities.notice, name="publicity-pdf"),
    path("publicities/<str:reference>/objection/", publicities.objecting, name="objecting"),
    path("objections/<str:number>/<str:token>/", publicities.objection, name="objection"),
    path("objections/<str:number>/<str:token>/letter/", publicities.letter, name="objection-letter"),
    path(
        "objections/<str:number>/<str:token>/withdrawal/", publicities.withdrawal, name="objection-withdrawal"
    ),
    path("sheet-check/", views.sheet_check, name="sheet-check"),
    # The codes are in capitals: a QR code of capitals alone is smaller.
    re_path(r"^[sS]/(?P<payload>[^/]+)/?$", views.sheet, name="sheet"),
    re_path(r"^[rR]/(?P<text>[^/]+)/?$", receipts.paper_receipt, name="paper-receipt"),
    path("help/", views.help_index, name="help"),
    path("help/applicant/", views.help_applicant, name="help-applicant"),
    path("help/official/", views.help_official, name="help-official"),
    path("accessibility/", views.accessibility, name="accessibility"),
]
