export const style = `
:root {
  color-scheme: light dark;
  --text: #1c2430; --faint: #5d6b7c; --line: #d7dee6; --page: #f5f7f9; --panel: #ffffff; --accent: #1f6feb;
  --bad: #c62828; --fault: #e8890c; --message: #8a97a6; --leader: #1a8f5a; --candidate: #d99a06;
  --follower: #7d93ad; --down: #c9d1d9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e9ef; --faint: #93a1b1; --line: #2b3440; --page: #11161c; --panel: #19202a; --accent: #6ea8fe;
    --bad: #ff7b72; --fault: #f0a33c; --message: #66768a; --leader: #3fb97c; --candidate: #e3b341;
    --follower: #5f7690; --down: #38424e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); }
header { position: sticky; top: 0; z-index: 2; background: var(--panel); border-bottom: 1px solid var(--line); padding: 10px 20px; }
header .row, .controls { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; }
h1 { font-size: 17px; margin: 0; }
h2 { font-size: 13px; margin: 0 0 8px; color: var(--faint); font-weight: 600; text-transform: uppercase; letter-spacing: .04em; }
.verdict { padding: 2px 10px; border-radius: 999px; color: #fff; font-weight: 600; background: var(--leader); }
.verdict.failed { background: var(--bad); }
.clock { font-variant-numeric: tabular-nums; font-size: 17px; min-width: 110px; }
button, select, input { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; }
input[type=number] { width: 110px; }
button { cursor: pointer; }
button:hover { border-color: var(--accent); }
button:focus-visible, input:focus-visible, select:focus-visible, canvas:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
main { display: grid; grid-template-columns: minmax(0, 1fr) 400px; gap: 16px; padding: 16px 20px; }
@media (max-width: 1100px) { main { grid-template-columns: minmax(0, 1fr); } }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; margin-bottom: 16px; }
canvas { display: block; width: 100%; touch-action: none; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { position: absolute; left: -9999px; }
th { text-align: left; font-weight: 500; color: var(--faint); }
td:first-child { white-space: nowrap; }
th, td { padding: 2px 8px 2px 0; vertical-align: top; }
.violation { border: 2px solid var(--bad); border-radius: 8px; padding: 8px 12px; margin-bottom: 8px; overflow-wrap: anywhere; }
.violation b { color: var(--bad); }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; }
.logs { overflow-x: auto; white-space: nowrap; }
.entry { display: inline-block; min-width: 20px; text-align: center; margin-right: 1px; padding: 0 2px; border-radius: 3px; color: #fff; font-size: 12px; }
.entry.applied { box-shadow: inset 0 -3px 0 rgba(255,255,255,.85); }
.entry.differs { outline: 2px solid var(--bad); }
.pod { display: inline-block; margin: 1px; padding: 0 6px; border-radius: 4px; font-size: 12px; background: var(--follower); color: #fff; }
.pod.Running { background: var(--leader); } .pod.Failed { background: var(--bad); } .pod.Pending { background: var(--candidate); }
ol.steps { list-style: none; margin: 0; padding: 0; max-height: 260px; overflow: auto; }
ol.steps li { display: flex; gap: 8px; align-items: baseline; }
ol.steps li.past { color: var(--faint); }
ol.steps code { overflow-wrap: anywhere; }
.note { color: var(--faint); }
[role=status] { min-height: 1.4em; }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 4px; font-size: 12px; }
`;
