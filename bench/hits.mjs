/** Items with JSON text in them, as a web page's counter writes them: one in 40 is bad. */

const required = (names, properties) => ({ type: 'object', properties, required: names });
const string = { type: 'string' };

/** The JSON Schema (draft-04) of `payload`. */
export const hitSchema = {
  $schema: 'http://json-schema.org/draft-04/schema#',
  ...required(['Hits', 'device', 'session'], {
    Hits: { type: 'integer' },
    device: required(['make', 'platform', 'location'], {
      make: string,
      platform: required(['name', 'version'], { name: string, version: string }),
      location: required(['latitude', 'longitude', 'country'], {
        latitude: string,
        longitude: string,
        country: string,
      }),
    }),
    session: required(['session_id', 'start_timestamp', 'stop_timestamp'], {
      session_id: string,
      start_timestamp: string,
      stop_timestamp: string,
    }),
  }),
};

const makes = ['Acme\tCo', 'O\'Neil "Labs"', '日本通信', 'Vandelay\\Imports', 'Initech'];
const countries = ['JP', 'DE', 'US', 'BR', 'IN'];

/** How many of the first `count` items are good. @param {number} count */
export function goodHits(count) {
  return count - Math.ceil(count / 40);
}

/** One item, AttributeValue JSON. @param {number} index */
export function hit(index) {
  const id = index.toString(16).padStart(12, '0');
  const payload = {
    Hits: index % 40 === 0 ? `${index}` : index % 10,
    device: {
      make: makes[index % 5],
      platform: { name: 'Android', version: '4.0.3' },
      location: {
        latitude: `${(index % 90) + 0.6147}`,
        longitude: '-70.8961',
        country: countries[index % 5],
      },
    },
    session: {
      session_id: `79f3c1aa-1b41-4c6e-b3f3-${id}`,
      start_timestamp: String(1454586011195 + index),
      stop_timestamp: String(1464586011195 + index),
    },
  };
  return {
    page_id: { S: `8c0a70a7-a845-47f9-953a-${id}` },
    activity_dt: { S: '2026-11-10 02:19:03' },
    payload: { S: JSON.stringify(payload) },
  };
}
