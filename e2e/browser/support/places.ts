// Where in the world addresses of the loopback network are: files (MaxMind DB 2.0) that the platform of the tests is given.
// Whatever is not in them is nowhere, as it is without such files.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Place = { network: string; country: string; asn: number; provider: string };

/** More countries, a network each: so many that a list of them is long. */
export const FAR = ['AR', 'AU', 'CA', 'CL', 'EG', 'FI', 'ID', 'IN', 'JP', 'KE', 'MX', 'NZ', 'PL'].map((country, n) => ({
  network: `127.41.${n + 1}.0/24`,
  country,
  asn: 64_510 + n,
  provider: `Example ${country}`,
}));

/** Networks that stand for a place. */
export const PLACES: Place[] = [
  { network: '127.40.1.0/24', country: 'DE', asn: 64_501, provider: 'Example Telekom' },
  { network: '127.40.2.0/24', country: 'BR', asn: 64_502, provider: 'Exemplo Telecom' },
  { network: '127.40.3.0/24', country: 'SG', asn: 64_503, provider: 'Example Hosting' },
  { network: '127.40.4.0/24', country: 'US', asn: 64_504, provider: 'Example Cable' },
  ...FAR,
];

/** Who is named where they are shown. */
export const CREDIT = { text: 'IP Geolocation by Example Atlas', url: 'https://atlas.example.com/' } as const;

/** Writes the files; the settings that name them. */
export function places(folder: string): NodeJS.ProcessEnv {
  const [country, asn] = [join(folder, 'country.mmdb'), join(folder, 'asn.mmdb')];
  writeFileSync(country, database((place) => ({ country: { iso_code: place.country } })));
  writeFileSync(asn, database((place) => ({ autonomous_system_number: place.asn, autonomous_system_organization: place.provider })));
  return {
    PORTCULLIS__GEOIP__COUNTRY_FILE: country,
    PORTCULLIS__GEOIP__ASN_FILE: asn,
    PORTCULLIS__GEOIP__CREDITS: `[{text="${CREDIT.text}",url="${CREDIT.url}"}]`,
  };
}

type Value = string | number | Uint | { [key: string]: Value } | Value[];
/** A number that is not 32 bits wide. */
class Uint {
  constructor(
    readonly type: 5 | 9,
    readonly value: number,
  ) {}
}
const u16 = (value: number) => new Uint(5, value);
const u64 = (value: number) => new Uint(9, value);
/** Where each of two bits leads: to another node, to data, or to nothing. */
type Node = ({ node: number } | { data: number } | null)[];

function database(record: (place: Place) => Value): Buffer {
  const nodes: Node[] = [[null, null]];
  const data: Buffer[] = [];
  let length = 0;
  for (const place of PLACES) {
    const [address, bits] = place.network.split('/');
    const number = address!.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    // IPv4 addresses lie below ::/96.
    const path = '0'.repeat(96) + number.toString(2).padStart(32, '0').slice(0, Number(bits));
    let at = 0;
    for (const bit of path.slice(0, -1)) {
      const next = nodes[at]![Number(bit)];
      if (next && 'node' in next) {
        at = next.node;
      } else {
        nodes[at]![Number(bit)] = { node: nodes.length };
        at = nodes.length;
        nodes.push([null, null]);
      }
    }
    nodes[at]![Number(path.at(-1))] = { data: length };
    const bytes = encoded(record(place));
    data.push(bytes);
    length += bytes.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach((node, at) =>
    node.forEach((to, side) => {
      const value = to === null ? nodes.length : 'node' in to ? to.node : nodes.length + 16 + to.data;
      tree.writeUIntBE(value, at * 6 + side * 3, 3);
    }),
  );
  const metadata = encoded({
    binary_format_major_version: u16(2),
    binary_format_minor_version: u16(0),
    build_epoch: u64(1_790_000_000),
    database_type: 'test',
    description: { en: 'test' },
    ip_version: u16(6),
    languages: ['en'],
    node_count: nodes.length,
    record_size: u16(24),
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com'), metadata]);
}

function encoded(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([head(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return unsigned(6, 4, value);
  if (value instanceof Uint) return value.type === 5 ? unsigned(5, 2, value.value) : unsigned(9, 4, value.value);
  if (Array.isArray(value)) return Buffer.concat([head(11, value.length), ...value.map(encoded)]);
  const pairs = Object.entries(value).flatMap(([key, one]) => [encoded(key), encoded(one)]);
  return Buffer.concat([head(7, pairs.length / 2), ...pairs]);
}

function unsigned(type: number, size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return Buffer.concat([head(type, size), bytes]);
}

/** A type, and how much of it there is, up to 284; types from 8 on stand in a byte of their own. */
function head(type: number, size: number): Buffer {
  const [first, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return Buffer.from(type < 8 ? [(type << 5) | first, ...more] : [first, type - 7, ...more]);
}
