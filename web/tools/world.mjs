// The outlines of countries for the map: Natural Earth's (public domain), as world-atlas has them, in Robinson's
// projection, thinned out to what is seen at the size of a page.
//
// One line for each country: its code (ISO 3166-1 alpha-2), where its middle is, and its outline as an SVG path. Those
// too small for an outline have none.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { feature } from "topojson-client";

// Of the picture, whose height follows.
const WIDTH = 1000;
export const HEIGHT = 500;

// Arctic ice says nothing here: south of this nobody watches.
const SOUTH = -57;

// Steps of 5 degrees of latitude: how long the parallel is, and how far from the equator (A. H. Robinson, 1974).
const LENGTH = [1, 0.9986, 0.9954, 0.99, 0.9822, 0.973, 0.96, 0.9427, 0.9216, 0.8962, 0.8679, 0.835, 0.7986, 0.7597, 0.7186, 0.6732, 0.6213, 0.5722, 0.5322];
const DISTANCE = [0, 0.062, 0.124, 0.186, 0.248, 0.31, 0.372, 0.434, 0.4958, 0.5571, 0.6176, 0.6769, 0.7346, 0.7903, 0.8435, 0.8936, 0.9394, 0.9761, 1];

function between(table, degrees) {
  const at = Math.min(Math.abs(degrees) / 5, table.length - 1.000001);
  const low = Math.floor(at);
  return table[low] + (table[low + 1] - table[low]) * (at - low);
}

const SCALE = WIDTH / (2 * Math.PI * 0.8487);
const NORTH = between(DISTANCE, 84) * 1.3523 * SCALE;

/** Where a place is in the picture. */
function project([longitude, latitude]) {
  const x = 0.8487 * between(LENGTH, latitude) * (longitude * Math.PI) / 180;
  const y = 1.3523 * between(DISTANCE, latitude) * Math.sign(latitude);
  return [WIDTH / 2 + x * SCALE, NORTH - y * SCALE];
}

// A ring that crosses the 180th meridian, as the parts on each side of it.
function parts(ring) {
  let turn = 0;
  const whole = ring.map(([longitude, latitude], i) => {
    const step = i === 0 ? 0 : longitude - ring[i - 1][0];
    if (Math.abs(step) > 180) turn -= Math.sign(step) * 360;
    return [longitude + turn, latitude];
  });
  return [-360, 0, 360].flatMap((shift) => {
    const shifted = whole.map(([longitude, latitude]) => [longitude + shift, latitude]);
    const part = side(side(shifted, 180, 1), -180, -1);
    return part.length > 2 ? [part] : [];
  });
}

// What of a ring is on one side of a meridian (Sutherland and Hodgman).
function side(ring, meridian, sign) {
  const inside = ([longitude]) => sign * (meridian - longitude) >= 0;
  return ring.flatMap((point, i) => {
    const before = ring[(i + ring.length - 1) % ring.length];
    if (inside(point) === inside(before)) return inside(point) ? [point] : [];
    const part = (meridian - before[0]) / (point[0] - before[0]);
    const edge = [meridian, before[1] + (point[1] - before[1]) * part];
    return inside(point) ? [edge, point] : [edge];
  });
}

// Points that lie nearly on the line between their neighbours are left out (Douglas and Peucker).
function thinned(points, tolerance) {
  if (points.length < 3) return points;
  const [a, b] = [points[0], points.at(-1)];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy);
  let [most, at] = [0, 0];
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = [points[i][0] - a[0], points[i][1] - a[1]];
    const distance = length === 0 ? Math.hypot(x, y) : Math.abs(x * dy - y * dx) / length;
    if (distance > most) [most, at] = [distance, i];
  }
  if (most <= tolerance) return [a, b];
  return [...thinned(points.slice(0, at + 1), tolerance).slice(0, -1), ...thinned(points.slice(at), tolerance)];
}

const area = (ring) => Math.abs(ring.reduce((sum, [x, y], i) => sum + x * ring[(i + 1) % ring.length][1] - ring[(i + 1) % ring.length][0] * y, 0)) / 2;

function path(ring) {
  // A ring ends where it begins: halves are thinned apart, lest nothing is left of it.
  const half = ring.length >> 1;
  const points = [...thinned(ring.slice(0, half + 1), 0.35).slice(0, -1), ...thinned(ring.slice(half), 0.35)];
  const tenth = (n) => Math.round(n * 10);
  let [x, y] = [tenth(points[0][0]), tenth(points[0][1])];
  let text = `M${x / 10} ${y / 10}l`;
  for (const point of points.slice(1, -1)) {
    const [nx, ny] = [tenth(point[0]), tenth(point[1])];
    if (nx === x && ny === y) continue;
    text += `${(nx - x) / 10} ${(ny - y) / 10} `;
    [x, y] = [nx, ny];
  }
  return `${text.trimEnd().replaceAll(" -", "-")}z`;
}

/** The lines. */
export async function world(modules) {
  const atlas = JSON.parse(await readFile(join(modules, "world-atlas/countries-50m.json"), "utf8"));
  const codes = JSON.parse(await readFile(join(modules, "i18n-iso-countries/codes.json"), "utf8"));
  const alpha2 = new Map(codes.map(([two, , number]) => [number, two]));
  const lines = [];
  for (const { id, geometry } of feature(atlas, atlas.objects.countries).features) {
    const code = alpha2.get(id) ?? "";
    if (code === "AQ" || !geometry) continue;
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const outer = polygons.map(([ring]) => ring).filter((ring) => ring.some(([, latitude]) => latitude > SOUTH));
    const rings = outer.flatMap(parts).map((ring) => ring.map(project)).sort((a, b) => area(b) - area(a));
    if (rings.length === 0) continue;
    const largest = rings[0];
    const middle = [0, 1].map((of) => largest.reduce((sum, point) => sum + point[of], 0) / largest.length);
    const seen = rings.filter((ring) => area(ring) > 1.2);
    lines.push([code, middle.map((n) => n.toFixed(1)).join(" "), seen.map(path).join("")].join("\t"));
  }
  return `${lines.sort().join("\n")}\n`;
}
