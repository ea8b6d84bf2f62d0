
// What stands beside the map, and what the pointer and the keys do.

// ---- Texts

// The sentence of a point with its word marked; `reach` words on either side, all without.
function sentenceOf(i, reach) {
  const {before, word, after} = points[i];
  const parts = [];
  const front = before.split(' '), back = after.split(' ');
  if (before)
    parts.push(
        reach && front.length > reach ? `… ${front.slice(-reach).join(' ')} ` : `${before} `);
  parts.push(make('mark', {textContent: word}));
  if (after)
    parts.push(reach && back.length > reach ? ` ${back.slice(0, reach).join(' ')} …` : ` ${after}`);
  return parts;
}

function fromOf(i) {
  const group = colouring.of[i];
  return [swatch(group), `${colouring.groups[group]} · line ${counted(points[i].line)}`];
}

function hover(i, x = 0, y = 0, others = 0) {
  if (i !== hovered) {
    hovered = i;
    map.classList.toggle('over', i >= 0);
    tip.hidden = i < 0;
    if (i >= 0) {
      byId('tip-text').replaceChildren(...sentenceOf(i));
      byId('tip-from')
          .replaceChildren(
              ...fromOf(i), ...(others ? [` · ${counted(others)} more in this place`] : []));
    }
    drawOver();
  }
  if (i >= 0) placeTip(tip, figure, x, y);
}

function choose(i, speak = false) {
  chosen = i;
  byId('invitation').hidden = i >= 0;
  byId('details').hidden = i < 0;
  if (i >= 0) {
    const layer = nearestLayer();
    byId('sentence').replaceChildren(...sentenceOf(i));
    byId('sentence-from').replaceChildren(...fromOf(i), ` · cosine in ${layer.name}`);
    byId('nearest').replaceChildren(...layer.nearest[i].map((other, k) => {
      const button = make(
          'button', {type: 'button'}, make('span', {
            className: 'number',
            textContent: (layer.cosines[i][k] / data.cosine_steps).toFixed(3)
          }),
          make('span', {className: 'wide'}, ...sentenceOf(other, 5)), swatch(colouring.of[other]));
      button.addEventListener('click', () => choose(other, true));
      button.addEventListener('pointerenter', () => {
        hovered = other;
        drawOver();
      });
      button.addEventListener('pointerleave', () => {
        hovered = -1;
        drawOver();
      });
      return make('li', {}, button);
    }));
    byId('alone').hidden = points.length > 1;
    bringIntoView(byId('chosen'));
    if (speak) {
      const {before, word, after} = points[i];
      byId('spoken').textContent =
          `${word}: ${before} ${word} ${after}, ${colouring.groups[colouring.of[i]]}`;
    }
  }
  drawOver();
}

// Scrolls the column beside the map, and nothing else, as far as it takes to show a section under
// the slider, which stays.
function bringIntoView(section) {
  const column = section.parentElement, inner = section.getBoundingClientRect();
  const top = inner.top - byId('layers').getBoundingClientRect().bottom;
  const bottom = inner.bottom - column.getBoundingClientRect().bottom;
  column.scrollTop += Math.max(0, Math.min(top, bottom));
}

function showCaption() {
  const between = at !== Math.round(at);
  const layer = nearestLayer();
  byId('caption').textContent = between ?
      `between ${layers[Math.floor(at)].name} and ${layers[Math.ceil(at)].name}` :
      layer.share === 0 ?
      `${layer.name}: all vectors are the same` :
      `${layer.name}: the plane shows ${(100 * layer.share).toFixed(0)} % of the variance`;
  byId('layer-name').textContent = layer.name;
  byId('layer').setAttribute('aria-valuetext', layer.name);
}

function showLegend() {
  const counts = colouring.groups.map(() => 0);
  for (const group of colouring.of) counts[group]++;
  byId('legend').replaceChildren(...colouring.groups.map((name, group) => {
    const button = make(
        'button', {type: 'button', title: 'show or fade this group'}, swatch(group),
        make('span', {className: 'wide', textContent: name}),
        make('span', {className: 'number', textContent: counted(counts[group])}));
    button.setAttribute('aria-pressed', !hiddenGroups.has(group));
    button.addEventListener('click', () => {
      hiddenGroups.has(group) ? hiddenGroups.delete(group) : hiddenGroups.add(group);
      button.setAttribute('aria-pressed', !hiddenGroups.has(group));
      light();
    });
    return make('li', {}, button);
  }));
}

// ---- Search and colour

// What is searched: the word where there are several, else the sentence; the sentence also for
// a phrase.
const plain = (text) => text.normalize('NFC').toLowerCase();
let haystacks = null;

function light() {
  const wanted = plain(query.trim());
  if (wanted && !haystacks) {
    haystacks = points.map(
        (p) => ({word: plain(p.word), sentence: plain(`${p.before} ${p.word} ${p.after}`)}));
  }
  const part = severalWords && !wanted.includes(' ') ? 'word' : 'sentence';
  let hits = 0;
  for (let i = 0; i < points.length; i++) {
    const hit = !wanted || haystacks[i][part].includes(wanted);
    hits += hit;
    lit[i] = hit && !hiddenGroups.has(colouring.of[i]) ? 1 : 0;
  }
  byId('found').textContent = wanted ?
      `${counted(hits)} of ${counted(points.length)} ${points.length === 1 ? 'place' : 'places'}` :
      '';
  cells = null;
  labelsStale = true;
  redraw();
}

function nextHit() {
  for (let step = 1; step <= points.length; step++) {
    const i = (chosen + step + points.length) % points.length;
    if (lit[i]) {
      choose(i, true);
      return;
    }
  }
}

function colourBy(index) {
  colouring = data.colourings[index];
  byId('colouring').value = index;
  hiddenGroups = new Set();
  makeSprites();
  showLegend();
  light();
  if (chosen >= 0) choose(chosen);
}

// ---- Layers and view

let moving = false;

// Moves the points to a layer, in half a second where the reader likes motion.
let journey = 0;

function goTo(layer) {
  const target = Math.max(0, Math.min(layers.length - 1, layer));
  const from = at, mine = ++journey, begin = performance.now();
  const step = (now) => {
    if (mine !== journey) return;
    const share = calm.matches ? 1 : Math.min(1, Math.max(0, (now - begin) / 450));
    moving = share < 1;
    setLayer(moving ? from + (target - from) * share * share * (3 - 2 * share) : target);
    if (moving) requestAnimationFrame(step);
  };
  calm.matches ? step(begin) : requestAnimationFrame(step);
}

function setLayer(value) {
  const old = Math.round(at);
  at = Math.max(0, Math.min(layers.length - 1, value));
  byId('layer').value = at;
  moved();
  if (Math.round(at) !== old && chosen >= 0) choose(chosen);
}

function zoom(factor, x = width / 2, y = height / 2) {
  const next = Math.max(1, Math.min(60, view.zoom * factor)), real = next / view.zoom;
  view = next === 1 ? {zoom: 1, x: 0, y: 0} : {
    zoom: next,
    x: x - width / 2 - (x - width / 2 - view.x) * real,
    y: y - height / 2 - (y - height / 2 - view.y) * real,
  };
  map.style.touchAction = next === 1 ? 'pan-y' : 'none';
  moved();
}

// ---- Pointer

let grip = null;         // where the pointer was pressed, and the view then
let wasDragged = false;  // a click behind it chooses nothing

const place = (event) => {
  const box = map.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

map.addEventListener('pointermove', (event) => {
  const [x, y] = place(event);
  if (grip && (grip.far || Math.hypot(x - grip.x, y - grip.y) > 5)) {
    if (view.zoom === 1) return;
    grip.far = true;
    map.classList.add('dragged');
    view.x = grip.viewX + x - grip.x;
    view.y = grip.viewY + y - grip.y;
    moved();
    return;
  }
  const {point, others} = pointAt(x, y);
  hover(point, x, y, others);
});
map.addEventListener('pointerleave', () => hover(-1));
map.addEventListener('pointerdown', (event) => {
  const [x, y] = place(event);
  grip = {x, y, viewX: view.x, viewY: view.y, far: false};
});
addEventListener('pointerup', () => {
  map.classList.remove('dragged');
  wasDragged = grip !== null && grip.far;
  grip = null;
});
map.addEventListener('click', (event) => {
  if (!wasDragged) choose(pointAt(...place(event)).point);
  wasDragged = false;
});
map.addEventListener('wheel', (event) => {
  // Where the page itself scrolls, the wheel is the page's.
  if (document.documentElement.scrollHeight > innerHeight + 4 && !event.ctrlKey) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 400), ...place(event));
}, {passive: false});
map.addEventListener('dblclick', (event) => zoom(2, ...place(event)));
byId('closer').addEventListener('click', () => zoom(1.6));
byId('farther').addEventListener('click', () => zoom(1 / 1.6));
byId('whole').addEventListener('click', () => zoom(1e-9));

// ---- Keyboard

// The next lit point from the chosen one towards (dx, dy), within a right angle.
function neighbourTowards(dx, dy) {
  const x = chosen < 0 ? width / 2 : px[chosen], y = chosen < 0 ? height / 2 : py[chosen];
  let best = -1, least = Infinity;
  for (let i = 0; i < points.length; i++) {
    if (!lit[i] || i === chosen) continue;
    const along = (px[i] - x) * dx + (py[i] - y) * dy,
          across = Math.abs((px[i] - x) * dy - (py[i] - y) * dx);
    if (chosen >= 0 && (along <= 0 || across > along)) continue;
    const cost = Math.abs(along) + 2 * across;
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  return best;
}

const kArrows = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};

map.addEventListener('keydown', (event) => {
  const arrow = kArrows[event.key];
  if (!arrow) return;
  event.preventDefault();
  const next = neighbourTowards(...arrow);
  if (next >= 0) choose(next, true);
});

byId('layer').addEventListener('keydown', (event) => {
  const step = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1}[event.key];
  if (!step) return;
  event.preventDefault();
  goTo(Math.round(at) + step);
});

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') {
    query = byId('search').value = '';
    choose(-1);
    light();
    return;
  }
  if (event.target.matches('input[type=search], select')) return;
  const colourings = data.colourings.length;
  const action = {
    '/': () => byId('search').focus(),
    '[': () => goTo(Math.round(at) - 1),
    ']': () => goTo(Math.round(at) + 1),
    c: () => colourBy((data.colourings.indexOf(colouring) + 1) % colourings),
    '+': () => zoom(1.6),
    '=': () => zoom(1.6),
    '-': () => zoom(1 / 1.6),
    0: () => zoom(1e-9),
  }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

byId('layer').addEventListener('input', (event) => {
  journey++;
  moving = false;
  setLayer(Number(event.target.value));
});
// Between two layers is no layer: it goes on to the nearer one.
byId('layer').addEventListener('change', () => {
  if (at !== Math.round(at)) goTo(Math.round(at));
});
byId('search').addEventListener('input', (event) => {
  query = event.target.value;
  light();
});
byId('search').addEventListener('keydown', (event) => {
  if (event.key === 'Enter') nextHit();
});
byId('colouring').addEventListener('change', (event) => colourBy(Number(event.target.value)));

// ---- Begin

const many = (number, word) => `${counted(number)} ${word}${number === 1 ? '' : 's'}`;
byId('title').textContent = data.title;
byId('about').textContent =
    `${many(data.total, 'place')} in ${many(data.sentences, 'sentence')} of ${data.source}`;
if (points.length < data.total) {
  byId('sample').hidden = false;
  byId('sample').textContent =
      `a sample: ${counted(points.length)} of ${counted(data.total)} places`;
}
map.setAttribute(
    'aria-label',
    `Map of ${many(points.length, 'place')} of ${
        data.title}; the arrow keys go from point to point`);
byId('layer').max = layers.length - 1;
byId('layer').value = at;
byId('layer').hidden = byId('layer-first').hidden = byId('layer-last').hidden = layers.length === 1;
byId('layer-first').textContent = layers[0].name;
byId('layer-last').textContent = layers[layers.length - 1].name;
byId('search').placeholder =
    severalWords ? 'a word, or a phrase of its sentence' : 'a word of the sentence';
byId('colouring')
    .append(...data.colourings.map(
        ({name}, index) => make('option', {
          value: index,
          textContent: name === 'cluster' ? `cluster (k-means in ${layers[data.start].name})` : name
        })));
map.style.touchAction = 'pan-y';
colourBy(0);
showCaption();
new ResizeObserver(resize).observe(figure);
resize();
dark.addEventListener('change', () => {
  colourBy(data.colourings.indexOf(colouring));
  resize();
});
