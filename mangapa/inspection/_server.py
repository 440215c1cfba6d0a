"""The page on which an expert judges, for this machine and this expert alone."""

import hmac
import os
import secrets
import socketserver
from dataclasses import asdict, dataclass
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from mangapa._directions import LARGEST_DRAWN
from mangapa._utils.imports import import_extra
from mangapa.fields import TRACER_TITLES
from mangapa.inspection._answers import LONGEST_COMMENT, judgement_of
from mangapa.inspection._galaxies import InspectedGalaxies
from mangapa.inspection._ordering import Plan
from mangapa.inspection._progress import network_after, session_summary
from mangapa.inspection._scheme import scheme
from mangapa.inspection._store import JudgementStore
from mangapa.plotting import COLOURS

#: Modules of the extra.
NEEDED = ("flask", "PIL", "plotly")
HOST = "127.0.0.1"
#: The first port to try. A server that is started again takes the same one, so that its page finds
#: the answers that the earlier page could not post.
PORT = 8642
#: Number of further ports to try, for other experts on the same machine.
MORE_PORTS = 20
LARGEST_PORT = 65_535
#: Largest post in bytes; a judgement takes some hundreds, its comment at most 8,000.
LARGEST_POST = 32_768
#: The page loads nothing from elsewhere, cannot be framed, and does not reveal its address.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Values of a judgement that the page needs.
SHOWN_OF_JUDGEMENT = (
    *("id", "action", "galaxy", "showing", "tracer", "quality", "feature", "note", "comment"),
    *("place", "seconds"),
)
TYPES = {"js": "text/javascript", "css": "text/css"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """The session of one expert."""

    galaxies: InspectedGalaxies
    store: JudgementStore  # stays open while the page is served
    expert: str
    plan: Plan
    show_scores: bool = False  # show the network's answer before the expert's


def application(inspection, token):
    """Make the WSGI application of the page; every path must begin with ``token``."""
    flask, *_ = [import_extra(name, "inspect", "the inspection page") for name in NEEDED]
    from jinja2 import ChoiceLoader, PackageLoader
    from plotly.colors import get_colorscale
    from plotly.offline import get_plotlyjs
    from werkzeug.exceptions import HTTPException

    app = flask.Flask("mangapa", static_folder=None)
    app.jinja_loader = ChoiceLoader(
        [PackageLoader(f"mangapa.{part}", "template") for part in ("inspection", "report")]
    )
    galaxies, store, plan = inspection.galaxies, inspection.store, inspection.plan
    page = flask.Blueprint("page", __name__, url_prefix=f"/{token}")

    app.before_request(lambda: _refuse_others(flask.request, token, flask.abort))

    @app.after_request
    def add_headers(response):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(HTTPException)
    def as_text(error):
        return flask.Response(error.description, error.code, mimetype="text/plain")

    @app.errorhandler(OSError)
    def for_now(error):
        """The run or the store cannot be used at the moment; the page keeps its answers."""
        return flask.Response(str(error), 503, mimetype="text/plain")

    @page.get("/")
    def whole():
        return flask.render_template(
            "inspect.html", inspection=inspection, scheme=scheme(), titles=TRACER_TITLES,
            longest=LONGEST_COMMENT,
        )  # fmt: skip

    @page.get("/inspect.<any(css, js):suffix>")
    def style_or_script(suffix):
        text = flask.render_template(
            f"inspect.{suffix}", titles=TRACER_TITLES, largest_drawn=LARGEST_DRAWN
        )
        return flask.Response(text, mimetype=TYPES[suffix])

    @page.get("/plotly.js")
    def plotly():
        response = flask.Response(get_plotlyjs(), mimetype=TYPES["js"])
        response.headers["Cache-Control"] = "private, max-age=86400"
        return response

    @page.get("/session")
    def session():
        expert, showings = inspection.expert, plan.showings
        shown = {(one.galaxy, one.showing) for one in showings}
        return flask.jsonify(
            store=store.name,
            expert=expert,
            series=plan.series,
            showings=[{**asdict(one), "tracers": galaxies.tracers[one.galaxy]} for one in showings],
            history=[
                {name: getattr(one, name) for name in SHOWN_OF_JUDGEMENT}
                for one in store.history(expert=expert)
                if one.series == plan.series and (one.galaxy, one.showing) in shown
            ],
            colours=get_colorscale(COLOURS),
        )

    @page.get("/galaxy")
    def galaxy():
        name = flask.request.args.get("name", "")
        if name not in galaxies.sources:
            flask.abort(404, "name must be a galaxy of the run")
        return flask.jsonify(galaxies.shown(name, scores=inspection.show_scores))

    @page.post("/judgements")
    def judgements():
        if not flask.request.is_json:
            flask.abort(415, "an answer must be JSON")
        known = {"tracers": galaxies.tracers, "find": store.find}
        try:
            posted = flask.request.get_json()
            judgement = judgement_of(posted, expert=inspection.expert, **known)
            store.add(judgement)
        except RecursionError:
            flask.abort(400, "an answer must be an object of plain values")
        except ValueError as error:
            flask.abort(400, str(error))
        return flask.jsonify(network=network_after(judgement, inspection))

    @page.get("/summary")
    def summary():
        return flask.jsonify(session_summary(inspection))

    app.register_blueprint(page)
    return app


def _refuse_others(request, token, abort):
    """Refuse requests of anyone who was not given the address."""
    # Host and Origin are checked because the name of another site can resolve to this machine.
    own = {f"{name}:{request.environ['SERVER_PORT']}" for name in (HOST, "localhost")}
    host, origin = request.headers.get("Host"), request.headers.get("Origin")
    if host not in own:
        abort(403, "this page is for this machine only")
    if origin is not None and origin != f"http://{host}":
        abort(403, "this page does not answer other pages")
    length = request.content_length
    if request.method == "POST" and (length is None or length > LARGEST_POST):
        abort(413, f"a post must state its length, of at most {LARGEST_POST} bytes")
    given = request.path.split("/")[1]
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(403, "open the address that 'mangapa inspect' prints when it starts")


class InspectionServer(socketserver.ThreadingMixIn, WSGIServer):
    """Serve the page on the loopback interface; ``port`` is the first free one by default."""

    daemon_threads = True
    # On Windows, two servers could otherwise share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, inspection, port=None):
        if port is not None and not 0 <= port <= LARGEST_PORT:
            msg = f"port={port} must be between 0 and {LARGEST_PORT}; 0 takes any free port"
            raise ValueError(msg)
        self._token = secrets.token_urlsafe(24)
        app = application(inspection, self._token)
        for one in range(PORT, PORT + MORE_PORTS + 1) if port is None else [port]:
            try:
                super().__init__((HOST, one), _QuietHandler)
                break
            except OSError as error:
                taken = error
        else:
            ports = port or f"{PORT} to {PORT + MORE_PORTS}"
            way_out = "choose another port, or none to take the first free one"
            msg = f"port={ports} cannot be opened ({taken.strerror}); {way_out}"
            raise OSError(msg) from taken
        self.set_app(app)

    @property
    def address(self):
        """Address to open in a browser."""
        return f"http://{HOST}:{self.server_port}/{self._token}/"


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """Print nothing."""
