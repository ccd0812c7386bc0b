import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Edit } from "../state/contract";
import { newId } from "../state/id";
import { Labels, type Pending } from "../state/labels";
import type { Relabelling } from "../state/map/contract";
import { Relabels } from "../state/map/relabels";
import { LabelBox } from "./labelbox";
import { Ledger } from "./ledger";
import { MadeSource } from "./made";
import { RelabelBox } from "./map/relabelbox";
import { Refused } from "./source";
import { Sync, type SyncState } from "./sync";
import { UnsentStore } from "./unsent";

const add = (id: string): Edit => ({ op: "add", id, image: 1, t: 0, z: 0, y: 1, x: 2, class: null });

const klass = (id: string, position: number): Edit => ({
  op: "put_class",
  id,
  name: id,
  color: "#56b4e9",
  shape: "circle",
  hotkey: position + 1,
  target: null,
  position,
});

/** A server that can be cut off, before or after it has written. */
class Shaky extends MadeSource {
  up = true;
  loseAnswers = false;
  failing: Refused | null = null;

  override async send(...order: Parameters<MadeSource["send"]>): ReturnType<MadeSource["send"]> {
    if (!this.up) throw new TypeError("Failed to fetch");
    if (this.failing) throw this.failing;
    const reply = await super.send(...order);
    if (this.loseAnswers) throw new TypeError("Failed to fetch");
    return reply;
  }
}

/** Locks as browsers have them, for the pages of one test. */
class Locks {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #held = new Map<string, () => void>();

  query = async () => ({ held: [...this.#held.keys()].map((name) => ({ name })) });

  request(name: string, work: () => Promise<void>): Promise<void> {
    const held = async () => {
      const freed = new Promise<void>((free) => this.#held.set(name, free));
      await Promise.race([work(), freed]).finally(() => this.#held.delete(name));
    };
    const done = (this.#last.get(name) ?? Promise.resolve()).then(held);
    this.#last.set(name, done.catch(() => {}));
    return done;
  }

  /** The page that holds a lock is gone. */
  free(name: string): void {
    this.#held.get(name)?.();
  }
}

async function page(source: Shaky, study: string) {
  const client = newId();
  const labels = new Labels(newId, Date.now);
  labels.user = "you";
  const states: SyncState["is"][] = [];
  const unsent = await UnsentStore.open<Pending>(study, client);
  const box = new LabelBox(source, labels, client, [1, 2, 3]);
  const sync = new Sync(box, unsent, (state) => states.push(state.is));
  await sync.start();
  const say = (...edits: Edit[]) => sync.push(labels.perform(edits));
  const saved = () => vi.waitFor(() => expect(sync.state.is).toBe("saved"), 5000);
  return { labels, box, sync, say, states, saved, unsent, client };
}

describe("sync", () => {
  it("says saved only after the acknowledgement", async () => {
    const source = new Shaky();
    const { say, saved, states, sync } = await page(source, newId());
    await saved();
    say(add("a"));
    expect(sync.state.is).toBe("saving");
    expect(source.ledger.cell("a")).toBeUndefined();
    await saved();
    expect(source.ledger.cell("a")).toBeDefined();
    expect(states.at(-1)).toBe("saved");
  });

  it("does not say saved of an edit that is made while news is being fetched", async () => {
    const source = new Shaky();
    const { say, saved, sync } = await page(source, newId());
    await saved();
    const { log } = source;
    let arrive = () => {};
    const news = new Promise<void>((resolve) => (arrive = resolve));
    source.log = async (...order) => {
      await news;
      return log.apply(source, order);
    };
    sync.pull();
    expect(sync.state).toMatchObject({ is: "saving", unsent: 0 });
    say(add("a"));
    expect(sync.state).toMatchObject({ is: "saving", unsent: 1 });
    arrive();
    await saved();
    expect(source.ledger.cell("a")).toBeDefined();
  });

  it("queues while offline, and loses nothing when the page is closed before the server is back", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await page(source, study);
    await first.saved();
    source.up = false;
    for (let i = 0; i < 30; i++) first.say(add(`cell ${i}`));
    await vi.waitFor(() => expect(first.sync.state).toMatchObject({ is: "offline", unsent: 30 }));
    await vi.waitFor(async () => expect((await first.unsent.orphans()).length).toBe(30));
    first.sync.close();
    source.up = true;
    const second = await page(source, study);
    expect(second.labels.size).toBe(30);
    await second.saved();
    expect(source.ledger.labels().cells.id.length).toBe(30);
    await vi.waitFor(async () => expect(await second.unsent.orphans()).toEqual([]));
  });

  it("sends again what may have arrived, and it counts once", async () => {
    const source = new Shaky();
    const { say, saved, labels, sync } = await page(source, newId());
    await saved();
    source.loseAnswers = true;
    say(add("a"));
    say({ op: "move", id: "a", version: 1, y: 9, x: 9 });
    await vi.waitFor(() => expect(sync.state.is).toBe("offline"));
    source.loseAnswers = false;
    sync.retry();
    await saved();
    expect(source.ledger.cell("a")).toMatchObject({ y: 9, version: 2 });
    expect(labels.cell("a")).toMatchObject({ y: 9, version: 2 });
    expect(source.ledger.revision).toBe(2);
  });

  it("drops from the store what the log has already when a page died before the answer", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await page(source, study);
    await first.saved();
    source.loseAnswers = true;
    first.say(add("a"));
    await vi.waitFor(() => expect(first.sync.state.is).toBe("offline"));
    first.sync.close();
    source.loseAnswers = false;
    const second = await page(source, study);
    await second.saved();
    expect(second.labels.size).toBe(1);
    expect(source.ledger.revision).toBe(1);
    expect(await second.unsent.orphans()).toEqual([]);
  });

  it("brings the labels of one image after the other, and what was told of them meanwhile stays", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await page(source, study);
    for (let i = 0; i < 9; i++) first.say({ ...add(`cell ${i}`), image: 1 + (i % 3) } as Edit);
    await first.saved();
    let open = () => {};
    const gate = new Promise<void>((done) => (open = done));
    const labels = source.labels;
    source.labels = async (image) => {
      const reply = await labels(image);
      if (image !== 1) await gate;
      return reply;
    };
    const second = await page(source, study);
    expect([...second.labels.ids()].sort()).toEqual(["cell 0", "cell 3", "cell 6"]);
    first.say({ op: "delete", id: "cell 1", version: 1 }, { op: "move", id: "cell 4", version: 1, y: 7, x: 7 });
    await first.saved();
    second.sync.pull();
    await second.saved();
    open();
    await second.box.whole;
    expect(second.labels.cell("cell 1")).toBeUndefined();
    expect(second.labels.cell("cell 4")).toMatchObject({ y: 7, version: 2 });
    expect(second.labels.size).toBe(8);
    expect(second.labels.frames.size(2, 0, 0)).toBe(2);
  });

  it("undoes on what an earlier page left unsent, in the order in which it was done", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await page(source, study);
    first.say(add("a"));
    first.say(add("b"));
    await first.saved();
    source.up = false;
    first.sync.push(first.labels.undo());
    await vi.waitFor(() => expect(first.sync.state.is).toBe("offline"));
    first.sync.close();
    source.up = true;
    const second = await page(source, study);
    expect([...second.labels.ids()]).toEqual(["a"]);
    expect(second.labels.history.nextUndo?.changes[0]?.id).toBe("a");
    expect(second.labels.history.nextRedo?.changes[0]?.id).toBe("b");
  });

  it("waits when the disk is full, and sets aside what can never be taken until somebody decides", async () => {
    const source = new Shaky();
    const study = newId();
    const { say, saved, labels, sync, unsent } = await page(source, study);
    await saved();
    source.failing = new Refused(503, "disk_full", "The disk is full.");
    say(add("a"));
    await vi.waitFor(() => expect(sync.state).toMatchObject({ is: "stuck", unsent: 1, message: "The disk is full." }));
    expect(labels.size).toBe(1);
    source.failing = new Refused(413, "too_large", "Too large.");
    sync.retry();
    await saved();
    expect(labels.size).toBe(0);
    expect(sync.declined).toMatchObject([{ reason: "Too large.", gesture: { edits: [{ op: "add", id: "a" }] } }]);
    source.failing = null;
    say(add("b"));
    await saved();
    expect(await unsent.orphans()).toEqual([]);
    // It is there after a reload as well, is not sent by itself, and goes when it is thrown away.
    sync.close();
    const second = await page(source, study);
    await second.saved();
    expect([...second.labels.ids()]).toEqual(["b"]);
    expect(second.sync.declined.map(({ reason }) => reason)).toEqual(["Too large."]);
    await second.sync.discard([...second.sync.declined]);
    expect(await second.unsent.declined()).toEqual([]);
  });

  it("tells the other open pages what the server would not take, and that it was thrown away", async () => {
    const source = new Shaky();
    const study = newId();
    const [first, second] = [await page(source, study), await page(source, study)];
    source.failing = new Refused(413, "too_large", "Too large.");
    first.say(add("a"));
    const reasons = () => [first, second].map(({ sync }) => sync.declined.map(({ reason }) => reason));
    await vi.waitFor(() => expect(reasons()).toEqual([["Too large."], ["Too large."]]));
    await second.sync.discard([...second.sync.declined]);
    await vi.waitFor(() => expect(reasons()).toEqual([[], []]));
  });

  it("asks a person again after a reload, until it is decided", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await page(source, study);
    first.say(add("a"), ...["mine", "theirs"].map(klass));
    await first.saved();
    source.up = false;
    first.say({ op: "reclass", id: "a", version: 1, class: "mine" });
    first.say({ op: "move", id: "a", version: 2, y: 5, x: 5 });
    await vi.waitFor(() => expect(first.sync.state.is).toBe("offline"));
    const theirs: Edit = { op: "reclass", id: "a", version: 1, class: "theirs" };
    source.ledger.write({ gesture: newId(), undoes: null, edits: [theirs] }, "Ann", source.ledger.revision);
    source.up = true;
    first.sync.retry();
    await first.saved();
    let last = first;
    for (let reload = 0; reload < 3; reload++) {
      expect(last.labels.conflicts).toMatchObject([{ id: "a", seen: { class: null }, theirs: { class: "theirs", version: 2 } }]);
      expect(source.ledger.cell("a")).toMatchObject({ class: "theirs", version: 2, y: 1 });
      last.sync.close();
      last = await page(source, study);
      await last.saved();
    }
    const [conflict] = last.labels.conflicts;
    last.sync.push(last.labels.decide(conflict!, "mine"));
    await last.sync.forget(conflict!.kept);
    await last.saved();
    expect(source.ledger.cell("a")).toMatchObject({ class: "mine", y: 5, x: 5 });
    last.sync.close();
    const after = await page(source, study);
    await after.saved();
    expect(after.labels.conflicts).toEqual([]);
  });

  it("goes on with the other images when the server has no labels of one", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await page(source, study);
    for (let i = 0; i < 3; i++) first.say({ ...add(`cell ${i}`), image: 1 + i } as Edit);
    await first.saved();
    const { labels } = source;
    source.labels = async (image) => {
      if (image === 2) throw new Refused(404, "unknown", "expected image 1 or 3, found 2");
      return labels(image);
    };
    const refused: unknown[] = [];
    const left: number[] = [];
    const again = new Labels(newId, Date.now);
    const box = new LabelBox(source, again, newId(), [1, 2, 3], (n) => left.push(n), (...of) => refused.push(of));
    await box.load();
    await box.whole;
    expect([...again.ids()]).toEqual(["cell 0", "cell 2"]);
    expect(refused).toEqual([[2, "expected image 1 or 3, found 2"]]);
    expect(left.at(-1)).toBe(0);
  });

  it("sends nothing to another study than the one that it shows", async () => {
    const source = new Shaky();
    const { say, saved, sync } = await page(source, newId());
    say(add("a"));
    await saved();
    source.up = false;
    say(add("b"));
    await vi.waitFor(() => expect(sync.state.is).toBe("offline"));
    source.ledger = new Ledger();
    source.up = true;
    sync.retry();
    await vi.waitFor(() => expect(sync.state).toMatchObject({ is: "stuck", unsent: 1, message: expect.stringMatching(/another study/) }));
    expect(source.ledger.revision).toBe(0);
  });
});

describe("a page that goes while another is open already", () => {
  let locks: Locks;
  beforeEach(() => {
    locks = new Locks();
    vi.stubGlobal("navigator", { locks });
  });
  afterEach(() => vi.unstubAllGlobals());

  /** A page that cannot reach the server any more, and keeps its lock. */
  async function cutOff(source: Shaky, study: string, act: (of: Awaited<ReturnType<typeof page>>) => void) {
    const cut = await page(source, study);
    cut.say(add("a"));
    cut.say(add("b"));
    await cut.saved();
    source.up = false;
    act(cut);
    await vi.waitFor(() => expect(cut.sync.state.is).toBe("offline"));
    cut.sync.close();
    source.up = true;
    return cut;
  }

  it("leaves what it did not send to one of those that are open, which sends it once", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await cutOff(source, study, ({ say }) => {
      say(add("c"));
      say({ op: "move", id: "c", version: 1, y: 9, x: 9 });
    });
    const sent = vi.spyOn(source, "send");
    const others = [await page(source, study), await page(source, study)];
    for (const { saved, labels } of others) {
      await saved();
      expect(labels.size).toBe(2);
    }
    expect(sent).not.toHaveBeenCalled();
    locks.free(first.client);
    await vi.waitFor(() => expect(source.ledger.cell("c")).toMatchObject({ y: 9, version: 2 }));
    for (const { saved, sync, labels, unsent } of others) {
      sync.pull();
      await saved();
      expect(labels.cell("c")).toMatchObject({ y: 9, version: 2 });
      await vi.waitFor(async () => expect(await unsent.orphans()).toEqual([]));
    }
    expect(sent).toHaveBeenCalledTimes(2);
  });

  it("leaves it also to those that were open before it", async () => {
    const source = new Shaky();
    const study = newId();
    const early = await page(source, study);
    const late = await cutOff(source, study, ({ say }) => say(add("c")));
    locks.free(late.client);
    await vi.waitFor(() => expect(source.ledger.cell("c")).toBeDefined());
    early.sync.pull();
    await early.saved();
    expect([...early.labels.ids()].sort()).toEqual(["a", "b", "c"]);
    expect(await early.unsent.orphans()).toEqual([]);
  });

  it("leaves what it undid, on which undo goes on, also when the server is away just then", async () => {
    const source = new Shaky();
    const study = newId();
    const first = await cutOff(source, study, ({ sync, labels }) => sync.push(labels.undo()));
    const second = await page(source, study);
    await second.saved();
    const { logBefore } = source;
    source.logBefore = async () => {
      throw new TypeError("Failed to fetch");
    };
    locks.free(first.client);
    await vi.waitFor(() => expect(second.sync.state.is).toBe("offline"));
    expect(second.labels.size).toBe(2);
    source.logBefore = logBefore;
    second.sync.retry();
    await second.saved();
    expect([...second.labels.ids()]).toEqual(["a"]);
    expect(source.ledger.cell("b")).toBeUndefined();
    expect(second.labels.history.nextUndo?.changes[0]?.id).toBe("a");
    expect(second.labels.history.nextRedo?.changes[0]?.id).toBe("b");
  });

  it("leaves its new classes of a map, too", async () => {
    const { map } = new MadeSource(0, 10);
    const study = newId();
    const client = newId();
    const gone = await UnsentStore.open<Relabelling>(study, client);
    await gone.put(0, { gesture: newId(), at: 1, cells: [3], classes: ["Debris"] });
    const relabels = new Relabels(newId);
    const sync = new Sync(new RelabelBox(map, relabels), await UnsentStore.open<Relabelling>(study, newId()));
    await sync.start();
    await vi.waitFor(() => expect(sync.state.is).toBe("saved"));
    expect(relabels.of(3)).toBeNull();
    locks.free(client);
    await vi.waitFor(async () => expect(await map.relabels()).toMatchObject({ cells: [3], class: ["Debris"] }));
    expect(relabels.of(3)).toBe("Debris");
  });
});
