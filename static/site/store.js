// Small things the browser keeps. Storage may be blocked or full: then they last as long as the page.
const memory = new Map();

function read(storage, key) {
  try {
    return storage().getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(storage, key, value) {
  memory.set(key, value);
  try {
    storage().setItem(key, value);
  } catch {
    // Kept in memory above.
  }
}

export const recall = (key) => read(() => localStorage, key);
export const keep = (key, value) => write(() => localStorage, key, String(value));
export const recallForTab = (key) => read(() => sessionStorage, key);
export const keepForTab = (key, value) => write(() => sessionStorage, key, String(value));

export function forgetForTab(key) {
  memory.delete(key);
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}

/** Drop everything of this tab whose key begins with `prefix`. */
export function forgetAll(prefix) {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}
