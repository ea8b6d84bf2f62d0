'use strict';
// Shared by all pages. Text reaches the page by textContent alone, so it never is markup.

const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// SVG's namespace from the page's own markup: no address stands in the page.
const namespace = document.querySelector('svg').namespaceURI;

function makeSvg(name, attributes = {}, ...children) {
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const themeColour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The colour of a group, black being the colour of the text; beyond the colours, shapes change.
function groupColour(group) {
  const colour = data.colours[group % data.colours.length];
  return colour === '#000000' ? themeColour('--ink') : colour;
}
const groupShape = (group) => Math.floor(group / data.colours.length) % 4;

// Corners of a shape of radius r around 0, 0; nothing for a circle.
function corners(shape, r) {
  if (shape === 1)
    return [[-r, -r], [r, -r], [r, r], [-r, r]].map(([x, y]) => [0.88 * x, 0.88 * y]);
  if (shape === 2) return [[0, -1.2 * r], [1.1 * r, 0.8 * r], [-1.1 * r, 0.8 * r]];
  if (shape === 3) return [[0, -1.25 * r], [1.25 * r, 0], [0, 1.25 * r], [-1.25 * r, 0]];
  return null;
}

// A group's sign in a legend.
function swatch(group) {
  const points = corners(groupShape(group), 4.5);
  const shape = points ?
      makeSvg('polygon', {points: points.map(([x, y]) => `${x},${y}`).join(' ')}) :
      makeSvg('circle', {r: 4.5});
  shape.setAttribute('fill', groupColour(group));
  return makeSvg('svg', {viewBox: '-6 -6 12 12', 'aria-hidden': 'true'}, shape);
}

// Sets a tip beside a place of the figure, within it.
function placeTip(tip, figure, x, y) {
  const gap = 14;
  let left = x + gap, top = y + gap;
  if (left + tip.offsetWidth > figure.clientWidth - 6) left = x - gap - tip.offsetWidth;
  if (top + tip.offsetHeight > figure.clientHeight - 6) top = y - gap - tip.offsetHeight;
  left = Math.max(6, Math.min(left, figure.clientWidth - tip.offsetWidth - 6));
  tip.style.transform = `translate(${left}px, ${Math.max(6, top)}px)`;
}

const counted = (number) => number.toLocaleString('en');
