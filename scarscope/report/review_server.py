"""A server on this computer alone that shows a report and writes what a reviewer decides.

It holds pictures of patients, so it is closed by default: it listens at 127.0.0.1 only, answers
nobody who does not have the run's token, and no page of another site or port, whatever name that
site gives this computer. It serves the report and the pictures of one study, and writes one file.
"""

from __future__ import annotations

import hmac
import mimetypes
import socket
import webbrowser
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope.batch.review import REVIEW_NAME
from scarscope.errors import DependencyError, ParamsError, ReviewError, StoreError
from scarscope.report.review_site import FOLDERS, HOST, PAGE, REPORT, Site, open_site

if TYPE_CHECKING:
    from flask import Flask, Response

TOKEN_HEADER = "X-ScarScope-Token"  # noqa: S105  # the name of a header
MOST_BYTES = 8 * 2**20  # of decisions: some ten thousand outlines
# The page is one file with its own style and script in it; nothing comes from elsewhere.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"  # of all but the page
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def make_app(site: Site) -> Flask:
    """The server's pages.

    Raises
    ------
    DependencyError
        If Flask is not installed.
    """
    flask = require_flask()
    from werkzeug.exceptions import HTTPException

    app: Flask = flask.Flask("scarscope.review", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.before_request(lambda: _refused(site))
    app.after_request(_closed)
    app.register_error_handler(HTTPException, _told)
    app.register_error_handler(ReviewError, lambda error: _told_error(error, 400))
    app.register_error_handler(StoreError, lambda error: _told_error(error, 500))
    app.add_url_rule("/", "page", lambda: _page(site))
    app.add_url_rule(f"/{REPORT}", "report", lambda: _page(site))  # its pages link back to it
    app.add_url_rule("/review.json", "read", lambda: _read(site))
    app.add_url_rule("/review.json", "write", lambda: _write(site), methods=["POST"])
    for folder in FOLDERS:
        app.add_url_rule(f"/{folder}/<path:name>", f"below_{folder}", _files(site, folder))
    return app


def require_flask() -> Any:  # noqa: ANN401  # a module
    """Flask.

    Raises
    ------
    DependencyError
        If it is not installed.
    """
    try:
        import flask
    except ImportError as error:
        raise DependencyError(
            "scarscope review needs the package flask, which is not installed.",
            remedy='Install it with: pip install "scarscope[review]"',
        ) from error
    return flask


def _refused(site: Site) -> Response | None:
    """Why a request is not answered; None where it is."""
    from flask import request

    own = request.headers
    if own.get("Host") != f"{HOST}:{site.port}":  # another name may be another site's
        return _answer(403, "This server answers at one address only.", f"Open {site.origin}")
    foreign = own.get("Origin", site.origin) != site.origin
    foreign |= own.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
    foreign |= request.method == "POST" and "Origin" not in own
    if foreign:
        return _answer(403, "This server answers its own page only.", f"Open {site.origin}")
    given = own.get(TOKEN_HEADER, "")
    if request.method == "GET" and request.path != f"/{REVIEW_NAME}":
        # A browser sends no header for an address or a picture.
        given = given or request.args.get("token", "")
    start = request.args.get("start", "") if request.path == "/" else ""
    if start.isascii() and site.starts_with(start):
        return None
    if not hmac.compare_digest(given.encode(), site.token.encode()):
        remedy = "Open the address that `scarscope review` has printed, with its token."
        return _answer(403, "The token of this run is missing or wrong.", remedy)
    return None


def _answer(status: int, error: str, remedy: str = "") -> Response:
    from flask import jsonify

    answer = jsonify(error=error, remedy=remedy)
    answer.status_code = status
    return answer


def _closed(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", _POLICY)
    for name, value in _HEADERS.items():
        answer.headers[name] = value
    return answer


def _told(error: Any) -> Response:  # noqa: ANN401  # werkzeug's own, imported where it is needed
    return _answer(int(error.code or 500), f"{error.name}. {error.description}")


def _told_error(error: Exception, status: int) -> Response:
    message = getattr(error, "message", str(error))
    return _answer(status, message, getattr(error, "remedy", ""))


def _page(site: Site, file: Path | None = None) -> Response:
    from flask import Response

    page = Response(site.page(file), mimetype="text/html")
    page.headers["Content-Security-Policy"] = _PAGE_POLICY
    return page


def _read(site: Site) -> Response:
    from flask import Response

    with site.lock:
        answer = Response(site.review().to_text(), mimetype="application/json")
        answer.set_etag(site.tag())
    return answer


def _write(site: Site) -> Response:
    from flask import jsonify, request

    if request.mimetype != "application/json":
        return _answer(415, "Decisions must be sent as application/json.")
    data = request.get_data()
    with site.lock:
        if request.if_match and site.tag() not in request.if_match:
            remedy = "Load the page again and decide again what is missing."
            return _answer(412, "The review was changed elsewhere in the meantime.", remedy)
        answer = jsonify(site.save(data))
        answer.set_etag(site.tag())
    return answer


def _files(site: Site, folder: str) -> Callable[[str], Response]:
    from flask import Response, abort

    def answer(name: str) -> Response:
        path = site.served(folder, name)
        if path is None:
            abort(404)
        if path.suffix.lower() == PAGE:
            return _page(site, path)
        kind = mimetypes.guess_type(path.name)[0] or "image/webp"  # which some systems do not know
        return Response(path.read_bytes(), mimetype=kind)

    return answer


def serve(
    out: str | Path, *, port: int = 0, browser: bool = True, tell: Callable[[Site], object]
) -> Site:
    """Serve a study until it is interrupted.

    Parameters
    ----------
    out : str or Path
        Output folder of a finished batch with its report.
    port : int, optional
        0 takes a free one.
    browser : bool, optional
        Whether to open the page.
    tell : callable
        Called with the site once it can be opened.

    Returns
    -------
    Site
        That was served.

    Raises
    ------
    DependencyError
        If Flask is not installed.
    ParamsError
        If the port is in use.
    ReviewError, StoreError
        If the folder is no batch's output, or has no report.
    """
    require_flask()
    from werkzeug.serving import make_server

    with closing(_listen(port)) as listening:
        site = open_site(out, listening.getsockname()[1])
        server = make_server(
            HOST,
            site.port,
            make_app(site),
            threaded=True,
            request_handler=_quiet_handler(),
            fd=listening.fileno(),
        )
        tell(site)
        if browser:
            webbrowser.open(site.launch())
        server.serve_forever()  # ends at an interrupt, and closes
    return site


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ParamsError(
            f"Port {port} cannot be used ({error.strerror or error}).",
            remedy="Give another one with --port, or none for a free one.",
        ) from error


def _quiet_handler() -> Any:  # noqa: ANN401  # a class of werkzeug's
    from werkzeug.serving import WSGIRequestHandler

    class Quiet(WSGIRequestHandler):
        """Prints no requests, since their addresses hold the token, and names no versions."""

        def version_string(self) -> str:
            return "ScarScope"

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: ANN401
            pass

    return Quiet
