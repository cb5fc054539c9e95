"""Downloads of stored files: CKAN's own, with the access class heeded and the name as published."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import flask
from ckan import model
from ckan.plugins import toolkit
from ckan.types import Response
from ckan.views import resource as ckan_resource
from ckanext.thanhhoa.names import file_name

download = flask.Blueprint("thanhhoa_download", __name__)


@download.route("/dataset/<id>/resource/<resource_id>/download")
@download.route("/dataset/<id>/resource/<resource_id>/download/<filename>")
def stored_file(id: str, resource_id: str, filename: str | None = None) -> Any:
    """The bytes as published; 403 where the reader may not have them."""
    try:
        toolkit.check_access("thanhhoa_resource_download", {}, {"id": resource_id})
        resource = toolkit.get_action("resource_show")({}, {"id": resource_id})
    except toolkit.NotAuthorized as error:
        return toolkit.abort(403, str(error))
    except toolkit.ObjectNotFound:
        return toolkit.abort(404, toolkit._("Resource not found"))
    if resource["package_id"] != _dataset_id(id):
        return toolkit.abort(404, toolkit._("Resource not found"))
    name = resource.get("filename") or filename
    response = ckan_resource.download("dataset", id, resource_id, name)
    if resource.get("url_type") == "upload" and response.status_code == 200:
        _as_attachment(response, name)
    return response


def _dataset_id(reference: str) -> str | None:
    package = model.Package.get(reference)
    return package.id if package else None


def _as_attachment(response: Response, name: str | None) -> None:
    """Never shown inside the portal's origin: a page that somebody uploaded is not ours."""
    name = name or "tep"
    # RFC 6266: a plain name for old clients, the name as published for the others.
    response.headers["Content-Disposition"] = (
        f"attachment; filename={file_name(name)}; filename*=UTF-8''{quote(name, safe='')}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
