"""The page on which an expert judges, for this machine and this expert alone."""

import hmac
import os
import secrets
import socketserver
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from mangapa.fields import TRACER_TITLES as TITLES
from mangapa.inspection._answers import LONGEST_COMMENT, judgement_of
from mangapa.inspection._galaxies import InspectedGalaxies
from mangapa.inspection._ordering import Plan
from mangapa.inspection._progress import network_after, summarise
from mangapa.inspection._scheme import scheme
from mangapa.inspection._store import JudgementStore
from mangapa.plotting import COLOURS

__all__ = ["PORT", "Inspection", "InspectionServer", "application"]

#: Packages of the extra, by the names under which they are imported.
NEEDED = ("flask", "PIL", "plotly")
HOST = "127.0.0.1"
#: The first to be tried. A server that is started again has the same one, and so the page finds
#: what its predecessor could not post.
PORT = 8642
#: How many ports after it are tried, if others inspect too.
MORE_PORTS = 20
#: Bytes of a post; a judgement has some hundreds.
LARGEST_POST = 32_768
#: The page has nothing from elsewhere, is in no frame of another, and does not tell where it is.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SHOWN_OF_JUDGEMENT = (
    *("id", "action", "galaxy", "showing", "tracer", "quality", "feature", "note", "comment"),
    *("place", "seconds"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """
    What one expert is to judge.

    Attributes
    ----------
    galaxies : `~mangapa.inspection._galaxies.InspectedGalaxies`
        Of a run.
    store : `~mangapa.inspection.JudgementStore`
        Where the judgements go; open as long as the page is served.
    expert : `str`
        Who.
    plan : `~mangapa.inspection._ordering.Plan`
        What is shown, in which order.
    show_scores : `bool`
        Show at once what the network says, and not only after the answer.
    """

    galaxies: InspectedGalaxies
    store: JudgementStore
    expert: str
    plan: Plan
    show_scores: bool = False


def application(inspection, token):
    """
    The page and what it asks for, as a WSGI application.

    Parameters
    ----------
    inspection : `Inspection`
        What is to be judged.
    token : `str`
        The first part of every path; whoever does not know it is refused.

    Returns
    -------
    ``flask.Flask``

    Raises
    ------
    ImportError
        If the extra ``inspect`` is not installed.
    """
    for package in NEEDED:
        if find_spec(package) is None:
            msg = f"the page needs {package}: pip install 'mangapa[inspect]'"
            raise ImportError(msg)
    import flask
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

    @app.before_request
    def refuse_others():
        _refuse_others(flask.request, token, flask.abort)

    @app.after_request
    def add_headers(response):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(HTTPException)
    def tell(error):
        return flask.Response(error.description, error.code, mimetype="text/plain")

    @page.get("/")
    def whole():
        return flask.render_template(
            "inspect.html", inspection=inspection, scheme=scheme(), titles=TITLES,
            longest=LONGEST_COMMENT,
        )  # fmt: skip

    @page.get("/inspect.css")
    def style():
        return flask.Response(flask.render_template("inspect.css"), mimetype="text/css")

    @page.get("/inspect.js")
    def script():
        return flask.Response(flask.render_template("inspect.js"), mimetype="text/javascript")

    @page.get("/plotly.js")
    def plotly():
        response = flask.Response(get_plotlyjs(), mimetype="text/javascript")
        response.headers["Cache-Control"] = "private, max-age=86400"
        return response

    @page.get("/session")
    def session():
        shown = {(one.galaxy, one.showing) for one in plan.showings}
        return flask.jsonify(
            store=store.name,
            expert=inspection.expert,
            series=plan.series,
            showings=[
                {**asdict(one), "tracers": galaxies.tracers[one.galaxy]} for one in plan.showings
            ],
            history=[
                {name: getattr(one, name) for name in SHOWN_OF_JUDGEMENT}
                for one in store.history(expert=inspection.expert)
                if one.series == plan.series and (one.galaxy, one.showing) in shown
            ],
            colours=get_colorscale(COLOURS),
        )

    @page.get("/galaxy")
    def galaxy():
        name = flask.request.args.get("name", "")
        if name not in galaxies.sources:
            flask.abort(404, "the run has no such galaxy")
        return flask.jsonify(galaxies.shown(name, scores=inspection.show_scores))

    @page.post("/judgements")
    def judgements():
        if not flask.request.is_json:
            flask.abort(415, "an answer is JSON")
        try:
            judgement = judgement_of(
                flask.request.get_json(),
                expert=inspection.expert,
                tracers=galaxies.tracers,
                find=store.find,
            )
            store.add(judgement)
        except ValueError as error:
            flask.abort(400, str(error))
        return flask.jsonify(network=network_after(judgement, inspection))

    @page.get("/summary")
    def summary():
        return flask.jsonify(summarise(inspection))

    app.register_blueprint(page)
    return app


def _refuse_others(request, token, abort):
    """
    Let nobody in who was not given the address.

    Host and Origin are checked because a page of elsewhere can have its name point to this machine.
    """
    own = {f"{name}:{request.environ['SERVER_PORT']}" for name in (HOST, "localhost")}
    host, origin = request.headers.get("Host"), request.headers.get("Origin")
    if host not in own:
        abort(403, "this page is for this machine alone")
    if origin is not None and origin != f"http://{host}":
        abort(403, "this page answers to no other page")
    if request.method == "POST" and not 0 <= (request.content_length or -1) <= LARGEST_POST:
        abort(413, f"a post has at most {LARGEST_POST} bytes, and says how many")
    given = request.path.split("/")[1]
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(403, "open the address that 'mangapa inspect' prints when it is started")


class InspectionServer(socketserver.ThreadingMixIn, WSGIServer):
    """
    Serves the page on the loopback, and to nobody else.

    Parameters
    ----------
    inspection : `Inspection`
        What is to be judged.
    port : `int`, optional
        Where; the first free one from ``PORT`` on if not given.

    Raises
    ------
    ImportError
        If the extra ``inspect`` is not installed.
    OSError
        If the port is taken.
    """

    daemon_threads = True
    # On Windows it would let two servers have one port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, inspection, port=None):
        self._token = secrets.token_urlsafe(24)
        app = application(inspection, self._token)
        for one in range(PORT, PORT + MORE_PORTS + 1) if port is None else [port]:
            try:
                super().__init__((HOST, one), _QuietHandler)
                break
            except OSError as error:
                taken = error
        else:
            msg = (
                f"port {port or f'{PORT} and those after it'} cannot be had ({taken}); name another"
            )
            raise OSError(msg) from taken
        self.set_app(app)

    @property
    def address(self):
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/{self._token}/"


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """Print nothing."""
