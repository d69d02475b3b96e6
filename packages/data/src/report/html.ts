/** Text made safe for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A number as a person reads it: thousands apart, at most four significant digits after the point. */
export function readable(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  return value.toLocaleString("en-US", { maximumSignificantDigits: size >= 1000 ? 7 : 4 });
}

export const style = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60656c; --line: #dfe2e6; --page: #fff; --card: #f7f8fa;
  --c0: #2f6fb3; --c1: #d9822b; --c2: #3f9b6a; --c3: #9457b8; --warn: #fff4dc; --warn-line: #d9a52b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a0a6ad; --line: #363b42; --page: #16191d;
  --card: #1f2329; --c0: #6aa5e3; --c1: #f0a65c; --c2: #6cc495; --c3: #c08fe0; --warn: #3a2f14; --warn-line: #b98a1d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; } td.number, th.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .9rem; }
.facts strong { display: block; font-size: 1.25rem; }
.warnings { margin: .5rem 0; padding: .6rem 1rem .6rem 2rem; background: var(--warn); border-left: 4px solid var(--warn-line); }
.samples { display: flex; flex-wrap: wrap; gap: .5rem; }
.samples figure { margin: 0; text-align: center; font-size: .8rem; color: var(--soft); }
.samples img { display: block; width: 56px; height: 56px; object-fit: contain; image-rendering: pixelated; background: #000; border-radius: 3px; }
svg { display: block; max-width: 100%; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.c0 { fill: var(--c0); background: var(--c0); } .c1 { fill: var(--c1); background: var(--c1); }
.c2 { fill: var(--c2); background: var(--c2); } .c3 { fill: var(--c3); background: var(--c3); }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 .9em; }
`;
