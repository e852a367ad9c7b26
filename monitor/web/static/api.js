// What the page asks of the daemon. Paths are its own; the token stays in this tab.

const KEY = "migration-monitor-token";
const DEADLINE = 20000; // milliseconds; the daemon answers within 15 s or says that it can't

const changed = () => document.dispatchEvent(new Event("token"));

export const token = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text) => {
    sessionStorage.setItem(KEY, text);
    changed();
  },
  forget: () => {
    sessionStorage.removeItem(KEY);
    changed();
  },
};

/** Thrown with the daemon's own sentence. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function read(path) {
  return answered(await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(DEADLINE) }));
}

export async function control(id, word, reason) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token.get()}` };
  const path = `/api/v1/watches/${encodeURIComponent(id)}/${word}`;
  const signal = AbortSignal.timeout(DEADLINE);
  return answered(await fetch(path, { method: "POST", headers, body: JSON.stringify({ reason }), signal }));
}

export const ofWatch = (id, what) => read(`/api/v1/watches/${encodeURIComponent(id)}/${what}`);

/** The answer's document; one that was cut off in the middle is no answer. */
async function answered(response) {
  if (response.ok) return response.json();
  const body = await response.json().catch(() => ({}));
  throw new Refused(response.status, body.error ?? `status ${response.status}`);
}
