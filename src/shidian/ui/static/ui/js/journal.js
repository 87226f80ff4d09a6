// What was typed, kept in this browser until the server has it: outlives a lost network, a closed laptop, a killed browser.
// IndexedDB with strict durability; localStorage where a browser forbids that. One entry a field.
const NAME = "shidian";
const STORE = "journal";
const DAYS = 30;

export class Journal {
  // `place`: "person/application/section"; entries of another person are never read.
  constructor(place) {
    this.place = `${place}/`;
    this.waiting = new Map(); // key -> entry or null, what the next turn of writing takes
    this.writing = null;
    this.base = open();
  }

  put(key, entry) {
    this.waiting.set(this.place + key, { ...entry, key, at: Date.now() });
    return this.write();
  }

  drop(key) {
    this.waiting.set(this.place + key, null);
    return this.write();
  }

  // One transaction at a time; what is typed meanwhile goes into the next one.
  write() {
    this.writing ??= this.turn().finally(() => {
      this.writing = null;
      if (this.waiting.size) this.write();
    });
    return this.writing;
  }

  async turn() {
    const base = await this.base;
    const taken = this.waiting;
    this.waiting = new Map();
    if (!base) {
      for (const [place, entry] of taken) keepPlain(place, entry);
      return;
    }
    await new Promise((done) => {
      const transaction = base.transaction(STORE, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(STORE);
      for (const [place, entry] of taken) entry ? store.put(entry, place) : store.delete(place);
      transaction.oncomplete = done;
      transaction.onerror = transaction.onabort = () => {
        for (const [place, entry] of taken) keepPlain(place, entry);
        done();
      };
    });
  }

  // The entries of this section, the oldest first; what is older than a month is forgotten.
  async entries() {
    const base = await this.base;
    const found = base ? await everything(base, this.place) : [];
    for (const place of Object.keys(localStorage)) {
      if (place.startsWith(`${NAME}:${this.place}`)) found.push(readPlain(place));
    }
    return found.filter((entry) => entry && Date.now() - entry.at < DAYS * 86400000).sort((a, b) => a.at - b.at);
  }
}

function open() {
  return new Promise((done) => {
    let request;
    try {
      request = indexedDB.open(NAME, 1);
    } catch {
      return done(null);
    }
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = request.onblocked = () => done(null);
  });
}

function everything(base, place) {
  return new Promise((done) => {
    const store = base.transaction(STORE).objectStore(STORE);
    const request = store.getAll(IDBKeyRange.bound(place, `${place}\uffff`));
    request.onsuccess = () => done(request.result);
    request.onerror = () => done([]);
  });
}

function keepPlain(place, entry) {
  try {
    if (entry) localStorage.setItem(`${NAME}:${place}`, JSON.stringify(entry));
    else localStorage.removeItem(`${NAME}:${place}`);
  } catch {
    // A full or forbidden store: the page itself still has the text, and leaving it warns.
  }
}

function readPlain(place) {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}
