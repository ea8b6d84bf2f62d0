
// The map of words: where its points are, and how they are drawn. Arrays run parallel: place i is
// data.points[i].
const layers = data.layers;
const points = data.points.map(([line, before, word, after]) => ({line, before, word, after}));
const severalWords = new Set(points.map((p) => p.word)).size > 1;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

const figure = byId('figure'), map = byId('map'), over = byId('over'), tip = byId('tip');
const context = map.getContext('2d'), overContext = over.getContext('2d');

let at = data.start;               // which layer, 1.5 being halfway between layers 1 and 2
let view = {zoom: 1, x: 0, y: 0};  // pixels moved
let colouring = data.colourings[0];
let hiddenGroups = new Set();
let query = '';
let hovered = -1, chosen = -1;
let width = 0, height = 0;

// Where each point stands on the screen now, and whether it is in colour.
const px = new Float32Array(points.length), py = new Float32Array(points.length);
const lit = new Uint8Array(points.length);

// ---- Where things are

const bounds = {
  left: 0,
  right: 0,
  top: 0,
  bottom: 0
};
for (const layer of layers) {
  for (let i = 0; i < points.length; i++) {
    bounds.left = Math.min(bounds.left, layer.x[i]);
    bounds.right = Math.max(bounds.right, layer.x[i]);
    bounds.top = Math.min(bounds.top, -layer.y[i]);
    bounds.bottom = Math.max(bounds.bottom, -layer.y[i]);
  }
}

const radius = points.length > 6000 ? 2.4 :
    points.length > 1500            ? 3.2 :
    points.length > 300             ? 4 :
                                      5.5;
const nearestLayer = () => layers[Math.round(at)];

function layOut() {
  // The caption and the buttons stand at the bottom.
  const side = severalWords ? 48 : 34, above = 30, below = 60;
  const fit = Math.min(
      (width - 2 * side) / (bounds.right - bounds.left || 1),
      (height - above - below) / (bounds.bottom - bounds.top || 1));
  const scale = Math.max(fit, 1e-6) * view.zoom;
  const left = width / 2 + view.x - scale * (bounds.left + bounds.right) / 2;
  const top = (height + above - below) / 2 + view.y - scale * (bounds.top + bounds.bottom) / 2;
  const a = layers[Math.floor(at)], b = layers[Math.ceil(at)], share = at - Math.floor(at);
  for (let i = 0; i < points.length; i++) {
    px[i] = left + scale * (a.x[i] + share * (b.x[i] - a.x[i]));
    py[i] = top - scale * (a.y[i] + share * (b.y[i] - a.y[i]));
  }
  cells = null;
}

// Points by squares of the screen, made when first asked for after a change: the lit points of cell
// c are cells.list[cells.start[c]] up to cells.start[c + 1].
const kCell = 16;
let cells = null;

function cellsOf() {
  if (cells) return cells;
  const columns = Math.ceil(width / kCell) + 1, rows = Math.ceil(height / kCell) + 1;
  const start = new Uint32Array(columns * rows + 1), list = new Uint32Array(points.length);
  const cell = (i) => {
    const x = Math.floor(px[i] / kCell), y = Math.floor(py[i] / kCell);
    return lit[i] && x >= 0 && y >= 0 && x < columns && y < rows ? y * columns + x : -1;
  };
  for (let i = 0; i < points.length; i++)
    if (cell(i) >= 0) start[cell(i) + 1]++;
  for (let c = 0; c < columns * rows; c++) start[c + 1] += start[c];
  const next = start.slice();
  for (let i = 0; i < points.length; i++)
    if (cell(i) >= 0) list[next[cell(i)]++] = i;
  cells = {columns, rows, start, list};
  return cells;
}

// The nearest lit point within a cell's width of x, y, and how many others stand in its very place.
function pointAt(x, y) {
  const {columns, rows, start, list} = cellsOf();
  let best = -1, distance = kCell * kCell;
  const visit = (look) => {
    for (let r = Math.max(0, Math.floor(y / kCell) - 1);
         r <= Math.min(rows - 1, Math.floor(y / kCell) + 1); r++) {
      for (let c = Math.max(0, Math.floor(x / kCell) - 1);
           c <= Math.min(columns - 1, Math.floor(x / kCell) + 1); c++) {
        for (let k = start[r * columns + c]; k < start[r * columns + c + 1]; k++) look(list[k]);
      }
    }
  };
  visit((i) => {
    const away = (px[i] - x) ** 2 + (py[i] - y) ** 2;
    if (away < distance) {
      distance = away;
      best = i;
    }
  });
  let others = 0;
  if (best >= 0) {
    visit((i) => {
      if (i !== best && Math.abs(px[i] - px[best]) < 0.5 && Math.abs(py[i] - py[best]) < 0.5)
        others++;
    });
  }
  return {point: best, others};
}

// ---- Drawing

let sprites = [];

function makeSprites() {
  const ratio = devicePixelRatio || 1;
  const side = Math.ceil(2 * (1.3 * radius + 2));
  sprites = colouring.groups.map((_, group) => {
    const canvas = make('canvas', {width: side * ratio, height: side * ratio});
    const c = canvas.getContext('2d');
    c.scale(ratio, ratio);
    c.translate(side / 2, side / 2);
    trace(c, groupShape(group), radius);
    c.globalAlpha = 0.85;
    c.fillStyle = groupColour(group);
    c.fill();
    c.globalAlpha = 1;
    c.lineWidth = radius > 3 ? 1 : 0.5;
    c.strokeStyle = themeColour('--card');
    c.stroke();
    return {canvas, side};
  });
}

function trace(c, shape, r) {
  const polygon = corners(shape, r);
  c.beginPath();
  if (!polygon) {
    c.arc(0, 0, r, 0, 2 * Math.PI);
    return;
  }
  for (const [x, y] of polygon) c.lineTo(x, y);
  c.closePath();
}

let waiting = false;
let labels = [];  // the points whose words are written beside them
let labelsStale = true;

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

function draw() {
  context.clearRect(0, 0, width, height);
  const of = colouring.of;
  for (const wanted of [0, 1]) {
    context.globalAlpha = wanted ? 1 : 0.13;
    for (let i = 0; i < points.length; i++) {
      if (lit[i] !== wanted) continue;
      if (px[i] < -9 || py[i] < -9 || px[i] > width + 9 || py[i] > height + 9) continue;
      const {canvas, side} = sprites[of[i]];
      context.drawImage(canvas, px[i] - side / 2, py[i] - side / 2, side, side);
    }
  }
  context.globalAlpha = 1;
  if (severalWords) drawLabels();
  drawOver();
}

// Words beside as many points as have room; the same ones as long as the view moves.
function drawLabels() {
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = 'middle';
  if (labelsStale && !moving) {
    labelsStale = false;
    labels = [];
    const taken = [];
    for (let k = 0; k < points.length && labels.length < 160 && k < 4000; k++) {
      const i = (k * 7919) % points.length;
      if (!lit[i] || px[i] < 0 || py[i] < 0 || px[i] > width || py[i] > height) continue;
      const box = [
        px[i] - radius, py[i] - 9, px[i] + radius + 6 + context.measureText(points[i].word).width,
        py[i] + 9
      ];
      if (box[2] > width ||
          taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3]))
        continue;
      taken.push(box);
      labels.push(i);
    }
  }
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = themeColour('--card');
  context.fillStyle = themeColour('--ink');
  for (const i of labels) {
    if (!lit[i]) continue;
    context.strokeText(points[i].word, px[i] + radius + 3, py[i]);
    context.fillText(points[i].word, px[i] + radius + 3, py[i]);
  }
}

function drawOver() {
  const c = overContext, ink = themeColour('--ink');
  c.clearRect(0, 0, width, height);
  if (chosen >= 0) {
    c.strokeStyle = ink;
    c.lineWidth = 1;
    c.globalAlpha = 0.35;
    c.beginPath();
    for (const i of nearestLayer().nearest[chosen]) {
      c.moveTo(px[chosen], py[chosen]);
      c.lineTo(px[i], py[i]);
    }
    c.stroke();
    c.globalAlpha = 1;
    for (const i of nearestLayer().nearest[chosen]) ring(c, i, radius + 1.5, 1.25, ink);
    ring(c, chosen, radius + 4, 2.5, ink);
  }
  if (hovered >= 0 && hovered !== chosen) ring(c, hovered, radius + 3, 2, ink);
}

function ring(c, i, r, line, colour) {
  c.beginPath();
  c.arc(px[i], py[i], r, 0, 2 * Math.PI);
  c.lineWidth = line;
  c.strokeStyle = colour;
  c.stroke();
}

// Everything anew after a change of the view or the layer.
function moved() {
  layOut();
  labelsStale = true;
  redraw();
  showCaption();
  if (hovered >= 0) hover(-1);
}

function resize() {
  const ratio = devicePixelRatio || 1;
  width = figure.clientWidth;
  height = figure.clientHeight;
  for (const canvas of [map, over]) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  hover(-1);
  makeSprites();
  layOut();
  labelsStale = true;
  draw();
}
