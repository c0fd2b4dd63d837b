"""Style sheet of the report, for light and dark screens of any width and for print; and a script that sorts tables."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--back:#fbfaf7;--sheet:#fff;--ink:#1d2327;--faint:#5f6b73;--rule:#dcdfe0;--track:#eceeed;
--one:#1f6f8b;--two:#c7702e;--good:#1f7a4d;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--back:#14181b;--sheet:#1b2125;--ink:#e6e9ea;--faint:#9aa6ad;--rule:#343d43;
--track:#2a3238;--one:#6cc0dc;--two:#eda368;--good:#6fd3a0;--bad:#ff8f85}}
@media print{:root{color-scheme:light;--back:#fff;--sheet:#fff;--ink:#000;--faint:#444;--rule:#bbb;--track:#eee;
--one:#1f6f8b;--two:#c7702e;--good:#1f7a4d;--bad:#b3261e}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main,header,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.2rem;margin:0 0 .6rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
p{margin:.4rem 0;max-width:46rem}
.note,figcaption,footer{color:var(--faint);font-size:.86rem}
code{overflow-wrap:anywhere;font-size:.9em}
nav{margin:1rem 0;font-size:.9rem}
nav a{display:inline-block;margin:0 .9rem .3rem 0;color:var(--one)}
section{background:var(--sheet);border:1px solid var(--rule);border-radius:.6rem;padding:1.1rem;margin:1rem 0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:0 2rem}
.pair>*{min-width:0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.8rem;margin:1rem 0}
.card{background:var(--sheet);border:1px solid var(--rule);border-radius:.6rem;padding:.8rem 1rem}
.card b{display:block;font-size:2rem;line-height:1.15;font-variant-numeric:tabular-nums}
.card.main b{color:var(--one)}
.beside{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start}.beside>*{min-width:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0;align-content:start}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.22rem .8rem .22rem 0;text-align:left;font-weight:400;border-bottom:1px solid var(--rule)}
td{white-space:nowrap}
thead th{color:var(--faint);vertical-align:bottom}
.number{text-align:right}
.sorted{width:100%}.sorted td:last-child{width:45%;min-width:6rem}
th button{all:unset;cursor:pointer}
th button:focus-visible{outline:2px solid var(--one)}
th[aria-sort] button::after{content:" \\2193"}
th[aria-sort=ascending] button::after{content:" \\2191"}
.bars{margin:.2rem 0 .6rem}
.bar{display:grid;grid-template-columns:6.2rem 1fr 2.8rem 6.6rem;gap:.6rem;align-items:center;font-size:.92rem}
.bar .name{overflow-wrap:anywhere}
.track{display:block;background:var(--track);height:.8rem;border-radius:.2rem}
.fill{display:block;background:var(--one);height:100%;border-radius:.2rem;print-color-adjust:exact;
-webkit-print-color-adjust:exact}
.value{text-align:right;font-variant-numeric:tabular-nums}
.chart{display:block;width:100%;max-width:34rem;height:auto}
.heat{display:block;height:auto}
.tick{font:12px system-ui,sans-serif;fill:var(--faint);text-anchor:start}
.heat .tick{font-size:11.5px;fill:var(--ink)}
.end{text-anchor:end}.middle{text-anchor:middle}
.grid{stroke:var(--rule)}
.ideal{stroke:var(--faint);stroke-dasharray:4 4}
.zero{stroke:var(--ink)}
.line{fill:none;stroke-width:2}
.line.LAS,.interval{stroke:var(--one)}.line.UAS{stroke:var(--two);stroke-dasharray:6 3}
.dot.LAS,.bubble,.point{fill:var(--one)}.dot.UAS{fill:var(--two)}
.bubble{fill-opacity:.75}
.best{fill:none;stroke:var(--bad);stroke-width:2.5}
.interval{stroke-width:3}
.cell.none{fill:var(--track);fill-opacity:.5}.cell.right{fill:var(--good)}.cell.wrong{fill:var(--bad)}
.cell,.dot,.bubble{print-color-adjust:exact;-webkit-print-color-adjust:exact}
figure{margin:.6rem 0 1.4rem;padding:.6rem 0 0;border-top:1px solid var(--rule);break-inside:avoid}
.examples{display:flex;flex-wrap:wrap;gap:0 3rem}.examples figure{max-width:100%;min-width:0}
.tree{display:grid;grid-template-columns:4rem 1fr;align-items:center}
.tree .wide{min-width:0}
.tree.gold .marked{color:var(--good)}.tree.system .marked{color:var(--bad)}
.both{overflow-x:auto}
@media (max-width:40rem){.bar{grid-template-columns:5.2rem 1fr 2.8rem}.bar .note{display:none}
.tree{grid-template-columns:1fr}section{padding:.9rem}th,td{padding-right:.55rem}h3{margin-top:1rem}}
@media print{body{font-size:11pt}section,.card{border-color:#bbb;break-inside:auto}nav{display:none}
h2,h3,figcaption{break-after:avoid}
.wide,.both{overflow:visible}.bars,.card,tr,svg{break-inside:avoid}.tree svg,.heat{max-width:100%}}
"""

# Sorts a table by the column whose header is clicked. The page is complete without it.
SCRIPT = """
for(const table of document.querySelectorAll('table.sorted')){
const body=table.tBodies[0];
[...table.tHead.rows[0].cells].forEach((head,k)=>{
const button=document.createElement('button');button.textContent=head.textContent;head.replaceChildren(button);
button.onclick=()=>{
const down=head.getAttribute('aria-sort')!=='descending';
for(const other of table.tHead.rows[0].cells)other.removeAttribute('aria-sort');
head.setAttribute('aria-sort',down?'descending':'ascending');
const value=row=>{const text=row.cells[k].textContent;const number=parseFloat(text.replaceAll(',',''));
return isNaN(number)?text:number};
const rows=[...body.rows];
rows.sort((a,b)=>{const x=value(a),y=value(b);
const order=typeof x===typeof y?(x===y?0:x>y?1:-1):(typeof x==='number'?1:-1);return down?-order:order});
body.append(...rows)}})}
"""
