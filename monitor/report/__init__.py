"""What happened to one watch, as a document that can be checked and a page that needs nothing else.

The rule of this room: it reads what is stored and judges nothing anew; every text that came from
outside is escaped where it enters the page.
"""

from monitor.report.gather import Source, gather
from monitor.report.page import page
from monitor.report.style import STYLE_HASH

__all__ = ["STYLE_HASH", "Source", "gather", "page"]
