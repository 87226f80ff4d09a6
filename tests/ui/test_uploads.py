"""The limit on what one request may upload."""

import pytest
from django.core.files.uploadhandler import SkipFile
from django.test import RequestFactory

from shidian.ui.uploads import UploadLimit, refused


def handler(settings, limit=100):
    settings.UPLOAD_LIMIT = limit
    request = RequestFactory().post("/")
    return request, UploadLimit(request)


def test_what_fits_passes_untouched(settings):
    request, limit = handler(settings)

    limit.handle_raw_input(None, {}, 100, b"x")
    limit.new_file("file", "a.pdf", "application/pdf", 50)

    assert limit.receive_data_chunk(b"x" * 50, 0) == b"x" * 50
    assert refused(request) == ""


def test_an_announced_length_beyond_the_limit_skips_every_file_before_it_is_read(settings):
    request, limit = handler(settings)

    limit.handle_raw_input(None, {}, 101, b"x")

    with pytest.raises(SkipFile):
        limit.new_file("file", "a.pdf", "application/pdf", 50)
    assert "没有接收" in refused(request)


def test_a_body_without_its_length_is_counted_over_all_files(settings):
    request, limit = handler(settings)
    limit.handle_raw_input(None, {}, 0, b"x")

    limit.receive_data_chunk(b"x" * 60, 0)
    with pytest.raises(SkipFile):
        limit.receive_data_chunk(b"x" * 60, 0)

    assert "没有接收" in refused(request)
    with pytest.raises(SkipFile):
        limit.new_file("file", "b.pdf", "application/pdf", 1)
