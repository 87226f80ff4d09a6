"""Addresses of the applicants' screens."""

from django.urls import path

from .views import (
    applications,
    attachments,
    fields,
    freezing,
    handing_in,
    mailbox,
    opinions,
    papers,
    registration,
    sections,
    sharing,
    units,
    word,
)

app_name = "portal"

_ONE = "applications/<str:reference>/"

urlpatterns = [
    path("register/", registration.register, name="register"),
    path("register/done/", registration.registered, name="registered"),
    path(
        "units/<int:organisation>/confirm/<str:user>/<str:token>/",
        registration.head_confirmation,
        name="head-confirmation",
    ),
    path("invitation/<str:user>/<str:token>/", registration.invitation, name="invitation"),
    path("first-administrator/", registration.first_administrator, name="first-administrator"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("calls/<slug:key>/start/", applications.call_start, name="call-start"),
    path("session/", fields.session, name="session"),
    path("session/signed-in/", fields.signed_in, name="signed-in"),
    path("applications/", applications.applications, name="applications"),
    path(_ONE, applications.application, name="application"),
    path(f"{_ONE}history/", applications.history, name="history"),
    path(f"{_ONE}people/", sharing.page, name="sharing"),
    path(f"{_ONE}sections/<slug:section>/", sections.section, name="section"),
    path(f"{_ONE}sections/<slug:section>/two-texts/", fields.conflict, name="conflict"),
    path(f"{_ONE}sections/<slug:section>/<slug:field>/", fields.field, name="field"),
    path(f"{_ONE}sections/<slug:section>/<slug:field>/history/", fields.history, name="field-history"),
    path(f"{_ONE}attachments/", attachments.attachments, name="attachments"),
    path(f"{_ONE}attachments/<int:pk>/", attachments.attachment_file, name="attachment-file"),
    path(f"{_ONE}attachments/<int:pk>/removal/", attachments.removal, name="attachment-removal"),
    path(f"{_ONE}attachments/<int:pk>/view/", attachments.viewer, name="attachment-view"),
    path(f"{_ONE}attachments/<int:pk>/thumbnail/", attachments.thumbnail, name="attachment-thumbnail"),
    path(f"{_ONE}attachments/<int:pk>/pages/<int:number>/", attachments.page, name="attachment-page"),
    path(f"{_ONE}attachments/uploads/", attachments.upload_creation, name="attachment-uploads"),
    path(f"{_ONE}attachments/uploads/<str:token>/", attachments.upload, name="attachment-upload"),
    path(f"{_ONE}check/", freezing.check, name="check"),
    path(f"{_ONE}freeze/", freezing.freeze, name="freeze"),
    path(f"{_ONE}reopening/", freezing.reopening, name="reopening"),
    path(f"{_ONE}form.pdf", papers.form, name="form"),
    path(f"{_ONE}form.docx", word.form, name="word-form"),
    path(f"{_ONE}word/", word.upload, name="word-upload"),
    path(f"{_ONE}word/<str:token>/", word.review, name="word-review"),
    path(f"{_ONE}versions/<int:number>/", papers.version, name="version"),
    path(f"{_ONE}versions/<int:number>/form.pdf", papers.version_form, name="version-form"),
    path(f"{_ONE}versions/<int:number>/form.docx", word.version, name="word-version"),
    path(f"{_ONE}versions/<int:number>/files/<str:sha256>/", papers.version_file, name="version-file"),
    path(f"{_ONE}opinions/<int:party>/", opinions.opinion, name="opinion"),
    path(f"{_ONE}scans/<int:signature>/", opinions.scan, name="scan"),
    path(f"{_ONE}lodgement/", handing_in.lodgement, name="lodgement"),
    path(f"{_ONE}receipts/<str:number>/", handing_in.receipt, name="receipt"),
    path(f"{_ONE}receipts/<str:number>/receipt.pdf", handing_in.receipt_pdf, name="receipt-pdf"),
    path(f"{_ONE}withdrawal/", handing_in.withdrawal, name="withdrawal"),
]
