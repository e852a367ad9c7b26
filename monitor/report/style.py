"""How a report looks: on paper, on a phone, in the dark; one constant, so that its hash can be named."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;
--data:#0a58ca;--bad:#cf222e;--warn:#9a6700;--ok:#1a7f37}
@media(prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--dim:#9aa4af;--line:#30363d;
--soft:#161b22;--data:#79b8ff;--bad:#ff7b72;--warn:#e3b341;--ok:#56d364}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:62rem;padding:1.2rem;color:var(--fg);
background:var(--bg)}
h1{font-size:1.4rem;margin:0 0 .2rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.3rem 0;overflow-wrap:anywhere}
.verdict{font-size:1.15rem;font-weight:600}
.boxed{border:2px solid;border-radius:6px;padding:.5rem .8rem;margin:.6rem 0}
figure{margin:0}
.ok{color:var(--ok)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--dim)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}
td.w{overflow-wrap:anywhere}
pre,code{font:13px/1.45 ui-monospace,monospace}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.6rem;margin:.3rem 0;
white-space:pre-wrap;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;margin:.2rem 0 .8rem}
svg text{font:11px system-ui,sans-serif;fill:var(--dim)}
.band{fill:var(--data);fill-opacity:.25;stroke:none}
.high{fill:none;stroke:var(--data);stroke-width:1.4;stroke-linejoin:round}
.later{stroke-dasharray:2 2}
.after{fill:var(--dim);fill-opacity:.12}
.axis{stroke:var(--line);stroke-width:1}
.limit{stroke-width:1.2;stroke-dasharray:5 3}
.limit.normal_below{stroke:var(--ok)}.limit.investigate_above{stroke:var(--warn)}
.limit.rollback_above{stroke:var(--bad)}
.streak{fill:var(--bad);fill-opacity:.13}
.mark{stroke:var(--fg);stroke-width:1}
.hatch{stroke:var(--dim);stroke-width:1}
.none{fill:url(#none)}
summary{cursor:pointer}
@media print{body{max-width:none;padding:0;font-size:11pt}h2,h3,summary{break-after:avoid}
.chart,.boxed,svg,tr,pre{break-inside:avoid}thead{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto;height:auto}}
"""

STYLE_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""For a content security policy: nothing else styles the page."""
