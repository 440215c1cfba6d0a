"""What to cite."""

__all__ = ["BIBTEX", "CITATION"]

#: The paper that the package grew out of, as one line.
CITATION = "Duckworth, Tojeiro & Kraljic 2020, MNRAS 492, 1869"
#: That paper, and the one with the method that all of ours start from.
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
