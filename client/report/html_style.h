// The page's styles. Colours tell nothing that a sign or a word does not tell too; the two hues are
// a blue and an orange of Okabe and Ito's palette, which colour-blind readers tell apart.
#pragma once

namespace eida::report {

constexpr char kHtmlStyle[] = R"css(
:root{--ink:#1c1d1f;--dim:#5c6168;--line:#d5d8dc;--soft:#f3f4f6;--page:#fff;--good:#00558c;--bad:#a34200;
  --warn:#fff4dc;--link:#00558c}
@media (prefers-color-scheme:dark){
  :root{--ink:#e8e9eb;--dim:#a3a9b1;--line:#3c4147;--soft:#24272b;--page:#17191c;--good:#7cc4f2;--bad:#f2a66a;
    --warn:#3a2f17;--link:#7cc4f2}
}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.6 Charter,"Bitstream Charter",
  "Iowan Old Style","Palatino Linotype",Georgia,"DejaVu Serif",serif}
.page{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1,h2,nav,table,figcaption,.facts,.warning,code,caption{font-family:system-ui,-apple-system,"Segoe UI",Roboto,
  "Helvetica Neue","DejaVu Sans",sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 .25rem;overflow-wrap:anywhere}
section{counter-increment:s}
section h2::before{content:counter(s) ". "}
h2{font-size:1.2rem;margin:2.75rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
p,ul,ol{margin:.6rem 0;max-width:44rem}
li{margin:.3rem 0}
a{color:var(--link)}
.subtitle{color:var(--dim);margin:0 0 1rem}
.warning{background:var(--warn);border-left:4px solid var(--bad);padding:.6rem .9rem;margin:.75rem 0;
  font-size:.95rem;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0;font-size:.88rem}
.facts dt{color:var(--dim)}
.facts dd{margin:0;overflow-wrap:anywhere}
nav{font-size:.9rem;background:var(--soft);padding:.8rem 1rem;margin:1.25rem 0;border-radius:.3rem}
nav ol{margin:.25rem 0 0;padding-left:1.5rem;columns:16rem 2;max-width:none}
nav li{margin:.15rem 0;break-inside:avoid}
nav b{font-weight:600}
.tags a{margin-right:.55rem;white-space:nowrap}
.table,figure{margin:1.6rem 0 2rem}
.label{font-weight:700}
.caption,figcaption{font:.92rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
  margin:0 0 .5rem;max-width:48rem}
figcaption{margin:.6rem 0 0}
.note{color:var(--dim);font-size:.85rem;line-height:1.5;margin:.4rem 0 0;max-width:48rem}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;font-size:.86rem;line-height:1.35;
  font-variant-numeric:tabular-nums lining-nums;border-top:1.5px solid var(--ink);
  border-bottom:1.5px solid var(--ink)}
th,td{padding:.28rem .7rem;text-align:left;vertical-align:top}
th{font-weight:600;border-bottom:1px solid var(--ink);vertical-align:bottom;line-height:1.25}
.r{text-align:right;white-space:nowrap}
td.s{white-space:nowrap}
td.w{min-width:11rem;max-width:40rem;overflow-wrap:break-word}
tr.group td{font-weight:600;padding-top:.7rem;border-bottom:1px solid var(--line)}
tbody tr:hover td{background:var(--soft)}
.good{color:var(--good)}
.bad{color:var(--bad)}
.muted{color:var(--dim)}
td.good,td.bad{font-weight:600}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:.8rem}
.panel{min-width:0;background:#fff;border-radius:.2rem;padding:.2rem}
.panels.one{grid-template-columns:minmax(0,36rem)}
.panels.plots{grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}
.panels.wide{grid-template-columns:minmax(0,58rem)}
.panel svg{display:block;width:100%;height:auto;max-height:85vh}
pre{background:var(--soft);padding:.8rem 1rem;overflow-x:auto;font:.8rem/1.5 ui-monospace,SFMono-Regular,
  Menlo,"DejaVu Sans Mono",monospace;border-radius:.3rem;tab-size:2}
@media (max-width:36rem){
  body{font-size:15px}
  .page{padding:1rem .8rem 3rem}
  th,td{padding:.22rem .22rem}
  table{font-size:.7rem}
  .facts{grid-template-columns:1fr;gap:0}
  .facts dd{margin-bottom:.35rem}
  nav ol{columns:1}
  td.w{min-width:9rem}
  .panels.plots .panel{overflow-x:auto}
  .panels.plots svg{width:36rem}
  .stack,.stack tbody,.stack tr,.stack td{display:block;width:auto}
  .stack thead{position:absolute;left:-999rem}
  .stack tr{border-bottom:1px solid var(--line);padding:.45rem 0}
  .stack td,.stack td.r{text-align:left;white-space:normal;max-width:none;min-width:0;padding:.08rem .2rem;
    font-size:.82rem;overflow-wrap:anywhere}
  .stack td[data-label]::before{content:attr(data-label) ": ";color:var(--dim);font-weight:400}
}
@media print{
  :root{--ink:#000;--dim:#444;--line:#bbb;--soft:#fff;--page:#fff;--good:#00457a;--bad:#8a3800;--link:#000}
  body{font-size:10pt}
  table{font-size:7.5pt}
  th,td{padding:.15rem .3rem}
  .page{max-width:none;padding:0}
  nav{display:none}
  .scroll{overflow:visible}
  pre{white-space:pre-wrap}
  h2{break-after:avoid}
  tr,.panel{break-inside:avoid}
  figure{break-inside:avoid-page}
  a{text-decoration:none}
}
)css";

}  // namespace eida::report
