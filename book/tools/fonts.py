"""The font of the formulas, cut down to what formulas need."""

from importlib.metadata import distribution
from io import BytesIO

from fontTools import subset

STIX = "ziamath/fonts/STIXTwoMath-Regular.ttf"
BLOCKS = (
    (0x0020, 0x00FF),  # Latin
    (0x0370, 0x03FF),  # Greek
    (0x2010, 0x2044),  # punctuation
    (0x2100, 0x214F),  # letterlike symbols
    (0x2190, 0x22FF),  # arrows, operators
    (0x2308, 0x230B),  # ceiling, floor
    (0x27E8, 0x27EF),  # brackets
    (0x1D400, 0x1D7FF),  # mathematical alphabets
)


def math_font() -> bytes:
    """Return STIX Two Math as a web font."""
    options = subset.Options(flavor="woff", hinting=False, layout_features=["*"], name_IDs=["*"])
    font = subset.load_font(str(distribution("ziamath").locate_file(STIX)), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in BLOCKS for code in range(low, high + 1)])
    subsetter.subset(font)
    content = BytesIO()
    subset.save_font(font, content, options)
    return content.getvalue()
