"""Where the numbers of a catalogue come from: what to cite, version, date, meaning of flags."""

from datetime import datetime, timezone
from importlib.metadata import version

from mangapa.flags import PAFlags, UsabilityFlags

#: The paper that introduces the published catalogue, in one line.
CITATION = "Duckworth, Tojeiro & Kraljic 2020, MNRAS 492, 1869"
#: That paper, and the one that introduces the symmetry method.
BIBTEX = r"""@article{2020MNRAS.492.1869D,
  author = {{Duckworth}, Christopher and {Tojeiro}, Rita and {Kraljic}, Katarina},
  title = {Decoupling the rotation of stars and gas - I. The relationship with morphology and halo spin},
  journal = {Monthly Notices of the Royal Astronomical Society},
  volume = {492},
  pages = {1869},
  year = {2020},
  doi = {10.1093/mnras/stz3575},
}
@article{2006MNRAS.366..787K,
  author = {{Krajnovi{\'c}}, Davor and {Cappellari}, Michele and {de Zeeuw}, P. Tim and {Copin}, Yannick},
  title = {Kinemetry: a generalization of photometry to the higher moments of the line-of-sight velocity distribution},
  journal = {Monthly Notices of the Royal Astronomical Society},
  volume = {366},
  pages = {787},
  year = {2006},
  doi = {10.1111/j.1365-2966.2005.09902.x},
}
"""
#: Flags whose descriptions are kept in the metadata, by key.
FLAG_KINDS = {"flags": PAFlags, "usability_flags": UsabilityFlags}


def provenance(created=None):
    """Make the metadata of a catalogue; ``created`` is its date (default: now)."""
    return {
        "mangapa": version("mangapa"),
        "created": created or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "citation": CITATION,
        **{key: kind.descriptions() for key, kind in FLAG_KINDS.items()},
    }
