/** Colours help beside words; each has a contrast of at least 4.5 to what is behind it. */
const light = {
  page: '#ffffff',
  box: '#f8fafc',
  border: '#94a3b8',
  text: '#0f172a',
  muted: '#52606f',
  line: '#64748b',
  copy: '#2563eb',
  replicate: '#0f766e',
  export: '#0e7490',
  wait: '#64748b',
  verify: '#7c3aed',
  call: '#b45309',
  good: '#15803d',
  warn: '#a16207',
  bad: '#b91c1c',
};

const dark: typeof light = {
  page: '#0d1117',
  box: '#161b22',
  border: '#57606f',
  text: '#e6edf3',
  muted: '#a3b1c2',
  line: '#8b98a9',
  copy: '#6ea8fe',
  replicate: '#4fd1c5',
  export: '#67d4ea',
  wait: '#a3b1c2',
  verify: '#b794f6',
  call: '#f0a85a',
  good: '#56d364',
  warn: '#e3b341',
  bad: '#ff7b72',
};

function variables(colours: typeof light): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

const kinds = ['copy', 'replicate', 'export', 'wait', 'verify', 'call'] as const;
const tones = ['good', 'warn', 'bad'] as const;

/** The style sheet of a picture, with nothing that needs escaping in XML. */
export function svgStyle(titleSize: number, textSize: number): string {
  return [
    `svg{${variables(light)}}`,
    `@media (prefers-color-scheme:dark){svg{${variables(dark)}}}`,
    'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;text-anchor:middle}',
    '.page{fill:var(--page)}',
    '.box{fill:var(--box);stroke:var(--border);stroke-width:1.25}',
    '.line{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}',
    '.dashed{stroke-dasharray:5 4}',
    '.arrow{fill:var(--line)}',
    `.name{font-size:${titleSize}px;font-weight:600;fill:var(--text)}`,
    '.kind{font-weight:400;fill:var(--muted)}',
    `.detail,.label{font-size:${textSize}px;fill:var(--muted)}`,
    `.status{font-size:${textSize}px;fill:var(--muted)}`,
    ...kinds.map((kind) => `.${kind} .kind{fill:var(--${kind})}.${kind} .box{stroke:var(--${kind})}`),
    ...tones.map((tone) => `.${tone} .box{stroke:var(--${tone})}.status.${tone}{fill:var(--${tone})}`),
    '.idle .box{stroke:var(--border);stroke-dasharray:3 3}',
  ].join('\n');
}
