/** The report's looks: light, dark and on paper. */
export const style = `
:root{--page:#f6f5f2;--card:#fff;--raised:#faf9f7;--text:#1d2126;--soft:#5b636d;--line:#e3e0da;--accent:#3f6f9f;--good:#2f7d5b;--bad:#b2433f;--warn:#8a6100;--hit:#5aa9a3;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--page:#14171b;--card:#1c2026;--raised:#22272e;--text:#e9e7e3;--soft:#a2a9b3;--line:#30363e;--accent:#8fb8e0;--good:#6cc79d;--bad:#ee8f89;--warn:#e0b65c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 ui-sans-serif,system-ui,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:32px 20px 60px;display:grid;gap:18px}
header p,.hint{color:var(--soft);margin:2px 0 10px;font-size:.92rem}
h1{font-size:1.7rem;letter-spacing:-.02em;margin:0}
h2{font-size:1.1rem;margin:0 0 2px}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:18px 22px;min-width:0}
.verdict{font-size:1.1rem;border-left:5px solid var(--warn)}.verdict.no{border-left-color:var(--good)}.verdict.yes{border-left-color:var(--bad)}.verdict p{margin:0}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:18px}
.plots{display:flex;flex-wrap:wrap;gap:18px}
figure{margin:0;flex:1 1 320px;max-width:460px}
svg{width:100%;height:auto}svg text{font-size:8.500px;fill:var(--soft)}
.grid{stroke:var(--line);stroke-width:.6;fill:none}.diagonal{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
polyline{fill:none;stroke-width:1.600;stroke:var(--accent)}circle{fill:var(--accent)}.count{fill:var(--accent);opacity:.28}
.key{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:4px 0 0;padding:0;font-size:.82rem;color:var(--soft)}.key i{display:inline-block;width:14px;height:3px;margin:0 5px 3px 0;background:currentcolor}
.c0{stroke:#3f6f9f}.c1{stroke:#c26a3d}.c2{stroke:#3d8a63}.c3{stroke:#b2433f}.c4{stroke:#7a6bc0}.c5{stroke:#8c6a4f}.c6{stroke:#c25a94}.c7{stroke:#6d747c}.c8{stroke:#9a9130}.c9{stroke:#2f95a5}
i.c0{color:#3f6f9f}i.c1{color:#c26a3d}i.c2{color:#3d8a63}i.c3{color:#b2433f}i.c4{color:#7a6bc0}i.c5{color:#8c6a4f}i.c6{color:#c25a94}i.c7{color:#6d747c}i.c8{color:#9a9130}i.c9{color:#2f95a5}
.scroll{overflow:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;font-weight:400;padding:5px 12px 5px 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-size:.8rem}.number{text-align:right;white-space:nowrap}.own th,.own td{font-weight:700}
small{color:var(--soft)}
.whisker{position:relative;display:block;min-width:150px;height:12px;background:linear-gradient(var(--line),var(--line)) center/100% 1px no-repeat}
.whisker i{position:absolute;top:4px;height:4px;border-radius:2px;background:var(--accent);opacity:.45}.whisker b{position:absolute;top:1px;width:10px;height:10px;margin-left:-5px;border-radius:50%;background:var(--accent)}
.confusion{width:auto}.confusion th,.confusion td{border:1px solid var(--card);text-align:center;padding:2px 6px;min-width:34px;height:28px;font-size:.82rem}
.confusion .hit{background:color-mix(in srgb,var(--hit) var(--heat),var(--raised))}.confusion .miss{background:color-mix(in srgb,var(--bad) var(--heat),var(--raised))}
.worst{display:flex;flex-wrap:wrap;gap:16px;list-style:none;margin:8px 0 0;padding:0}.worst li{font-size:.86rem;max-width:280px}.worst img{display:block;width:84px;height:84px;image-rendering:pixelated;border-radius:8px;background:#000;margin-bottom:4px}
.worst dl{display:grid;grid-template-columns:auto 1fr;gap:0 10px;margin:4px 0;font-size:.8rem}.worst dt{color:var(--soft)}.worst dd{margin:0;overflow-wrap:anywhere}
.wrong{color:var(--bad)}
code{font:.76rem ui-monospace,monospace;color:var(--soft);overflow-wrap:anywhere}
.lines{list-style:none;margin:8px 0 0;padding:0;display:grid;gap:14px}.lines li{border-left:3px solid var(--line);padding-left:12px}
.lines dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:0;font-size:.9rem}.lines dt{color:var(--soft);font-size:.8rem}.lines dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
.lines p{margin:4px 0;font-size:.9rem;overflow-wrap:anywhere}
.attention{width:auto;font-size:.8rem;margin-bottom:14px}.attention th,.attention td{border:0;padding:1px 5px;white-space:pre}.attention thead th{writing-mode:vertical-rl;transform:rotate(180deg);padding:5px 1px;color:inherit}.attention tbody th{text-align:right}.attention td{min-width:20px;height:20px;background:color-mix(in srgb,var(--accent) var(--heat),var(--raised))}
mark{background:color-mix(in srgb,var(--good) 30%,transparent);color:inherit;border-radius:3px;padding:0 1px}mark.said{background:color-mix(in srgb,var(--accent) 34%,transparent)}mark.right.said{background:color-mix(in srgb,var(--good) 30%,transparent);box-shadow:inset 0 -2px var(--accent)}
@media print{body{background:#fff}section{break-inside:avoid;border-color:#ccc}}
`;
