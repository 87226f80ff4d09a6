"""The addresses of the site."""

from django.urls import include, path

from shidian.ui import errors

urlpatterns = [
    path("", include("shidian.portal.urls_entry")),
    path("", include("shidian.public.urls")),
    path("", include("shidian.portal.urls")),
    path("desk/", include("shidian.desk.urls")),
    path("", include("shidian.ui.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
