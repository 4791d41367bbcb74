"""How the Bottlenecks page looks on the screen and on paper.

On paper charts keep the size they have on the screen, because nothing draws them anew there. So a page of paper is as
wide as this page ever gets, and every printer scales it down; the proportions are those of A4.
"""

import streamlit as st

WIDEST = 1600  # Pixels, with 40 of padding on either side; A3 landscape less its margins is as wide without them.
_PAPER = """
.stApp, .stApp [data-testid=stHeader] {background:#FFFFFF!important;color-scheme:light!important}
.stApp {--st-text-color:#1B2530!important;--st-background-color:#FFFFFF!important}
.stApp * {--st-text-color:#1B2530!important;--st-background-color:#FFFFFF!important}
.stApp :is(p,h1,h2,h3,li,span,label,button) {color:#1B2530!important}
.stApp :is(button,[data-baseweb=select]>div,input) {background:#FFFFFF!important}
"""
_STYLE = f"""<style>
.stMainBlockContainer {{max-width:{WIDEST}px}}
.sg-worst {{padding:.35rem 0 .2rem}}
.sg-worst p {{margin:0}}
.sg-worst .sg-claim {{font-size:1.75rem;line-height:1.25;font-weight:680;letter-spacing:-.012em;text-wrap:balance}}
.sg-worst .sg-cost {{font-size:1.1rem;line-height:1.5;font-variant-numeric:tabular-nums}}
.sg-worst .sg-gap {{font-size:.95rem;line-height:1.5;color:light-dark(#8A5A00,#E9B44C)!important}}
.sg-worst .sg-window {{font-size:.9rem;line-height:1.5;display:none}}
.sg-zones {{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:12.5px;opacity:.9}}
.sg-zones span {{display:inline-flex;align-items:center;gap:6px}}
.sg-zones i {{width:14px;height:12px;border-radius:3px;display:inline-block;border:1px solid rgb(128 138 148/.4)}}
@media (max-width:640px) {{.sg-worst .sg-claim {{font-size:1.3rem}} .sg-worst .sg-cost {{font-size:1rem}}}}
@page {{size:420mm 297mm;margin:9mm}}
@media print {{
  {_PAPER}
  .stMainBlockContainer {{max-width:none;padding:0!important}}
  .sg-worst .sg-window {{display:block}}
  .st-key-bottlenecks-print, [role=tablist] {{display:none!important}}
  .sg-zones i, .sg-chip {{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
  [class*=st-key-part] [data-testid=stHorizontalBlock] {{display:flex!important;flex-wrap:nowrap!important}}
  [class*=st-key-part] [data-testid=stColumn] {{flex:1 1 0!important;min-width:0!important}}
  .stApp *:not([class*=st-key-part]) {{break-before:auto!important;break-after:auto!important}}
  [class*=st-key-part] {{break-inside:avoid}}
}}
</style>"""


def add(*, is_paper: bool) -> None:
    """Add it, once in each run; `is_paper` shows on the screen what is printed."""
    paper = f"<style>{_PAPER}.sg-worst .sg-window {{display:block}}</style>" if is_paper else ""
    st.html(_STYLE + paper)
