
// Lines over a common axis, with the numbers of a place under the pointer.
const figure = byId('figure'), plot = byId('plot'), tip = byId('tip');
const series = data.series;
const hidden = new Set();
const everyX =
    [...new Set(series.flatMap((one) => one.points.map(([x]) => x)))].sort((a, b) => a - b);

let current = -1;  // the index in everyX of the values shown
let scales = null;

const written = (value) => Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3) ?
    value.toExponential(3) :
    Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)).toLocaleString('en', {
      maximumFractionDigits: 6
    });

// ---- Axes

// Round numbers that cut [low, high] into about `count` parts.
function roundTicks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++)
    ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

// 1, 2 and 5 times the powers of ten; round numbers where those are too few.
function logTicks(low, high, count) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of [1, 2, 5]) ticks.push(Number(`${factor}e${power}`));
  }
  const inside = ticks.filter((tick) => tick >= low && tick <= high);
  if (inside.length > 1.5 * count)
    return inside.filter((tick) => /^1(e|0*$)|^0\.0*1$/.test(String(tick)));
  return inside.length >= 3 ? inside : roundTicks(low, high, count).filter((tick) => tick > 0);
}

// A scale from values to pixels, with its ticks; nothing where there is no value.
function scaleOf(values, log, from, to, count, marks) {
  if (!values.length) return null;
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === high)
    [low, high] = log ? [low / 1.1, high * 1.1] :
                        [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const ticks = marks ? everyX : log ? logTicks(low, high, count) : roundTicks(low, high, count);
  const of = log ? Math.log : (value) => value;
  return {at: (value) => from + (of(value) - of(low)) / (of(high) - of(low)) * (to - from), ticks};
}

// ---- Drawing

function draw() {
  const width = figure.clientWidth, height = figure.clientHeight;
  const shown = series.filter((one, i) => !hidden.has(i));
  const right = shown.some((one) => one.right);
  const area = {left: 74, right: width - (right ? 74 : 24), top: 24, bottom: height - 58};
  const log = (wanted) =>
      wanted && series.every((one) => one.points.every(([x, y]) => (wanted === 'x' ? x : y) > 0));
  const logY = data.log_y && log('y'), logX = data.log_x && log('x');
  const valuesOf = (side) =>
      shown.filter((one) => one.right === side).flatMap((one) => one.points.map(([, y]) => y));
  scales = {
    area,
    x: scaleOf(everyX, logX, area.left + 8, area.right - 8, Math.max(2, width / 110), data.mark_x),
    left: scaleOf(valuesOf(false), logY, area.bottom - 8, area.top + 8, Math.max(2, height / 70)),
    right: scaleOf(valuesOf(true), false, area.bottom - 8, area.top + 8, Math.max(2, height / 70)),
  };
  const parts = [];
  const label = (text, attributes) => parts.push(makeSvg('text', attributes, text));
  if (scales.x) {
    let last = -Infinity;
    for (const tick of scales.x.ticks) {
      const x = scales.x.at(tick);
      parts.push(makeSvg('line', {class: 'grid', x1: x, x2: x, y1: area.top, y2: area.bottom}));
      if (x - last < 34) continue;
      last = x;
      label(written(tick), {x, y: area.bottom + 20, 'text-anchor': 'middle'});
    }
  }
  for (const [scale, x, anchor] of [
           [scales.left, area.left - 9, 'end'], [scales.right, area.right + 9, 'start']]) {
    for (const tick of scale ? scale.ticks : []) {
      const y = scale.at(tick);
      if (scale === (scales.left || scales.right))
        parts.push(makeSvg('line', {class: 'grid', x1: area.left, x2: area.right, y1: y, y2: y}));
      label(written(tick), {x, y: y + 4, 'text-anchor': anchor});
    }
  }
  label(
      data.x_label,
      {class: 'axis', x: (area.left + area.right) / 2, y: height - 14, 'text-anchor': 'middle'});
  const middle = (area.top + area.bottom) / 2;
  if (scales.left)
    label(
        data.y_label,
        {class: 'axis', 'text-anchor': 'middle', transform: `translate(20 ${middle}) rotate(-90)`});
  if (scales.right)
    label(data.right_label, {
      class: 'axis',
      'text-anchor': 'middle',
      transform: `translate(${width - 16} ${middle}) rotate(90)`
    });
  series.forEach((one, i) => {
    if (hidden.has(i)) return;
    const y = one.right ? scales.right : scales.left;
    const places = one.points.map(([px, py]) => [scales.x.at(px), y.at(py)]);
    const curve = makeSvg(
        'polyline',
        {class: 'curve', stroke: groupColour(i), points: places.map((p) => p.join(',')).join(' ')});
    if (groupShape(i))
      curve.setAttribute('stroke-dasharray', ['', '7 4', '2 4', '9 4 2 4'][groupShape(i)]);
    parts.push(curve);
    if (places.length <= 60)
      for (const [x, py] of places)
        parts.push(makeSvg('circle', {class: 'dot', cx: x, cy: py, r: 3.4, fill: groupColour(i)}));
  });
  parts.push(makeSvg('g', {id: 'values'}));
  plot.setAttribute('viewBox', `0 0 ${width} ${height}`);
  plot.replaceChildren(...parts);
  show(current);
}

// ---- Values

// Those of all lines at everyX[index], which some have nothing at.
function show(index, speak = false) {
  current = index;
  const marks = byId('values');
  tip.hidden = index < 0;
  if (index < 0) {
    marks.replaceChildren();
    return;
  }
  const x = everyX[index], where = scales.x.at(x);
  const values = series.flatMap((one, i) => {
    const point = hidden.has(i) ? undefined : one.points.find(([px]) => px === x);
    return point ? [{
      i,
      name: one.name,
      value: point[1],
      y: (one.right ? scales.right : scales.left).at(point[1])
    }] :
                   [];
  });
  marks.replaceChildren(
      makeSvg(
          'line',
          {class: 'cursor', x1: where, x2: where, y1: scales.area.top, y2: scales.area.bottom}),
      ...values.map(
          ({i, y}) => makeSvg(
              'circle',
              {class: 'dot', cx: where, cy: y, r: 5.5, 'stroke-width': 2, fill: groupColour(i)})));
  byId('tip-from').textContent = `${data.x_label}: ${written(x)}`;
  byId('tip-rows')
      .replaceChildren(...values.map(
          ({i, name, value}) => make(
              'tr', {}, make('td', {}, swatch(i), ` ${name}`),
              make('td', {textContent: written(value)}))));
  placeTip(
      tip, figure, where, values.length ? Math.min(...values.map(({y}) => y)) : scales.area.top);
  if (speak)
    byId('spoken').textContent = `${data.x_label} ${written(x)}: ${
        values.map(({name, value}) => `${name} ${written(value)}`).join('; ')}`;
}

plot.addEventListener('pointermove', (event) => {
  const x = event.clientX - plot.getBoundingClientRect().left;
  let best = 0;
  everyX.forEach((value, i) => {
    if (Math.abs(scales.x.at(value) - x) < Math.abs(scales.x.at(everyX[best]) - x)) best = i;
  });
  if (best !== current) show(best);
});
plot.addEventListener('pointerleave', () => show(-1));
plot.addEventListener('keydown', (event) => {
  const last = everyX.length - 1;
  const next = {
    ArrowLeft: current < 0 ? last : Math.max(0, current - 1),
    ArrowRight: Math.min(last, current + 1),
    Home: 0,
    End: last,
    Escape: -1,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  show(next, true);
});

// ---- Begin

function showLegend() {
  byId('legend').replaceChildren(...series.map((one, i) => {
    const [x, y] = one.points[one.points.length - 1];
    const button = make(
        'button',
        {type: 'button', title: `show or hide; at ${data.x_label} ${written(x)}: ${written(y)}`},
        swatch(i), make('span', {className: 'wide', textContent: one.name}),
        make('span', {className: 'number', textContent: written(y)}));
    button.setAttribute('aria-pressed', !hidden.has(i));
    button.addEventListener('click', () => {
      hidden.has(i) ? hidden.delete(i) : hidden.add(i);
      button.setAttribute('aria-pressed', !hidden.has(i));
      draw();
    });
    return make('li', {}, button);
  }));
}

byId('title').textContent = data.title;
byId('about').textContent = `${data.y_label} by ${data.x_label}`;
plot.setAttribute('aria-label', `${data.title}; the arrow keys go from value to value`);
showLegend();
new ResizeObserver(draw).observe(figure);
dark.addEventListener('change', () => {
  showLegend();
  draw();
});
