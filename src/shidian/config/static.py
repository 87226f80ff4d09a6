"""Static files under hashed names, ES modules that import each other included."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Rewrites the imports of modules too, so that a new version never meets an old one in a browser's cache."""

    support_js_module_import_aggregation = True
