/// How reports look: light, dark, on a phone, printed.
enum ReportStyle {
  static let css: HTML = """
    :root{--page:#fff;--ink:#1c2024;--soft:#5b6470;--line:#dfe3e8;--panel:#f5f7f9;--hit:47,125,88;--miss:197,82,43;
    --c0:#2563b0;--c1:#c2571a;--c2:#2e7d4f;--c3:#8c4aa8;--c4:#a8325a;--c5:#0f7f86;--c6:#7a6a14;--c7:#55606e}
    @media (prefers-color-scheme:dark){:root{--page:#14171a;--ink:#e4e7ea;--soft:#9aa4ae;--line:#333a41;--panel:#1d2126;
    --hit:38,122,82;--miss:196,92,52;--c0:#6aa8f0;--c1:#f0955a;--c2:#63c08b;--c3:#c792e0;--c4:#ec7fa2;--c5:#4fc3ca;--c6:#cdb84a;--c7:#aab4bf}}
    *{box-sizing:border-box}
    html{color-scheme:light dark;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,"DejaVu Sans",sans-serif}
    .body{max-width:72rem;margin:0 auto;padding:1rem}
    h1{font-size:1.5rem;margin:.2rem 0 .4rem;overflow-wrap:anywhere}
    h2{font-size:1.15rem;margin:2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}
    h3{font-size:.95rem;margin:1rem 0 .4rem}
    p{margin:.3rem 0}
    .state{display:inline-block;padding:.1rem .6rem;border-radius:1rem;border:1px solid currentColor;font-size:.85rem}
    .state.completed{color:var(--c2)}.state.running{color:var(--c0)}.state.stopped{color:var(--c6)}
    .state.failed,.state.interrupted{color:var(--c4)}
    .message{overflow-wrap:anywhere}
    .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.5rem;margin:.8rem 0}
    .tiles div{background:var(--panel);border-radius:.4rem;padding:.4rem .6rem}
    dt{color:var(--soft);font-size:.8rem}dd{margin:0;font-size:1.1rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:1rem}
    figure{margin:0}.chart figcaption{font-weight:600;font-size:.9rem}
    svg{width:100%;height:auto;display:block}
    svg text{fill:var(--soft);font-size:11px}
    .grid{stroke:var(--line);stroke-width:1;fill:none}
    .curve{fill:none;stroke-width:2;stroke-linejoin:round}.curve.thin{stroke-width:1.4}
    .band{stroke:none;opacity:.22}
    .keys{font-size:.82rem;color:var(--soft)}
    .key{display:inline-block;margin-right:.8rem;overflow-wrap:anywhere}
    .key::before{content:"";display:inline-block;width:1.1rem;height:0;border-top:3px solid var(--k);vertical-align:middle;margin-right:.35rem}
    .key.dots::before{width:.55rem;height:.55rem;border:0;border-radius:50%;background:var(--k)}
    .key.block::before{width:.8rem;height:.8rem;border:0;background:var(--k)}
    th .key::before{margin-right:.1rem}
    .none{color:var(--soft)}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.88rem}
    th,td{padding:.18rem .55rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
    th{font-weight:500;color:var(--soft)}th:first-child{text-align:left}
    .facts{width:100%}.facts th{text-align:left;white-space:nowrap;width:12rem}.facts td{text-align:left;overflow-wrap:anywhere}
    .wide{overflow-x:auto}
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.5rem}
    .pair>div{min-width:0}
    .matrix th,.matrix td{padding:.2rem .3rem;border:0;text-align:center;min-width:1.9rem}
    .matrix th:first-child{text-align:left;white-space:nowrap}
    .hit{background:rgba(var(--hit),var(--share))}.miss{background:rgba(var(--miss),var(--share))}.zero{color:var(--line)}
    .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.4rem,1fr));gap:.8rem}
    .pictures img{width:84px;height:84px;image-rendering:pixelated;background:#000;display:block}
    .pictures figcaption{font-size:.8rem;line-height:1.3}small{color:var(--soft)}
    .filters{display:flex;flex-wrap:wrap;gap:.4rem}.filters img{width:56px;height:56px;image-rendering:pixelated}
    .bar{display:flex;align-items:center;gap:.5rem;margin:.15rem 0;font-size:.82rem}
    .bar i{flex:0 0 5.5rem;font-style:normal;color:var(--soft);text-align:right;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .bar b{flex:1;display:flex;height:.95rem}.bar span{display:block;height:100%}
    .t0{--k:var(--c0)}.t1{--k:var(--c6)}.t2{--k:var(--c1)}.t3{--k:var(--c7)}
    .bar span{background:var(--k)}
    .c0{--k:var(--c0)}.c1{--k:var(--c1)}.c2{--k:var(--c2)}.c3{--k:var(--c3)}.c4{--k:var(--c4)}.c5{--k:var(--c5)}.c6{--k:var(--c6)}.c7{--k:var(--c7)}
    .curve{stroke:var(--k)}.band,circle{fill:var(--k)}
    pre{background:var(--panel);padding:.6rem;border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem;margin:.3rem 0}
    summary{cursor:pointer;color:var(--soft);font-size:.88rem}
    .run{border-top:1px solid var(--line);padding:.5rem 0}.run>summary{color:var(--ink);font-size:1rem;font-weight:600;overflow-wrap:anywhere}
    footer{color:var(--soft);font-size:.8rem;margin-top:2rem;border-top:1px solid var(--line);padding-top:.5rem}
    #link{font-size:.82rem;color:var(--soft)}#link.lost{color:var(--c4)}
    @media (max-width:30rem){table{font-size:.76rem}.body{padding:.7rem}.matrix{font-size:.7rem}.matrix th,.matrix td{padding:.15rem .1rem;min-width:1.35rem}
    th,td{padding:.18rem .35rem}.tiles{grid-template-columns:repeat(2,1fr)}.pictures{grid-template-columns:repeat(3,1fr)}.facts th{white-space:normal}}
    @media print{:root{--page:#fff;--ink:#000;--soft:#444;--line:#ccc;--panel:#f3f3f3;--hit:47,125,88;--miss:197,82,43;
    --c0:#2563b0;--c1:#c2571a;--c2:#2e7d4f;--c3:#8c4aa8;--c4:#a8325a;--c5:#0f7f86;--c6:#7a6a14;--c7:#55606e}
    html{color-scheme:light}body{font-size:11px}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    .wide{overflow:visible}.charts{grid-template-columns:1fr 1fr}.chart,.matrix,.classes,.pictures figure,tr,.bar{break-inside:avoid}h2,h3,h2+p,h3+p{break-after:avoid}
    details::details-content{content-visibility:visible;display:block}summary{list-style:none}#link{display:none}}
    @page{margin:1.4cm}
    """
}
