import pytest

from mangapa import MangapaWarning
from mangapa.catalogue import read_published


@pytest.fixture
def published(tmp_path):
    """Some rows as they were published, mistakes included."""
    path = tmp_path / "published.csv"
    path.write_text(
        "plateifu,mangaid,stellar_pa,halpha_pa,pa_offset,stel_qual,stel_feature,halpha_qual,"
        "halpha_feature,halpha_notes,z\n"
        "8485-1901,1-1,360.0,10.0,10.0,2,0,2,0,0,0.03\n"
        "8485-1902,1-2,20.0,70.0,50.0,1,0,2,0,0,0.03\n"
        "8485-3701,1-3,20.0,195.0,175.0,2,0,1,0,0,0.03\n"
        "8485-3702,1-4,20.0,195.0,175.0,3,0,2,0,0,-999\n"
        "8485-6101,1-5,20.0,195.0,175.0,2,1,2,0,0,0.03\n"
        "8485-6102,1-6,,195.0,,0,0,2,0,2,0.03\n"
        "8485-9101,,80.0,90.5,10.5,,,,,,\n"
    )
    with pytest.warns(MangapaWarning, match=r"\(1 in stel_qual\).*stel_qual='3' in line 5"):
        return read_published(path)
