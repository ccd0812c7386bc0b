import { describe, expect, it } from "vitest";
import { Ledger } from "../api/ledger";
import type { CellClass, Edit, LoggedGesture } from "./contract";
import { isWhole } from "./history";
import { Labels, type Pending } from "./labels";

let serial = 0;
const newId = () => `id ${serial++}`;
const klass = (id: string, position: number): CellClass => ({
  id,
  name: id,
  color: "#56b4e9",
  shape: "circle",
  hotkey: position + 1,
  target: null,
  position,
});
const add = (id: string, y: number, x: number, c: string | null = "A", t = 0): Edit => ({
  op: "add",
  id,
  image: 1,
  t,
  z: 0,
  y,
  x,
  class: c,
});

/** A page at work on a ledger: `flush` sends what waits. */
class Page {
  readonly labels = new Labels(newId);
  /** Undo knows the log from this revision on. */
  #known = 0;
  constructor(
    readonly ledger: Ledger,
    readonly user: string,
  ) {
    this.labels.user = user;
    this.reload();
  }
  reload(): void {
    this.labels.load(this.ledger.labels());
    this.#known = this.ledger.revision + 1;
  }
  undo(): void {
    while (!this.labels.undo() && this.#recall());
  }
  redo(): void {
    while (!this.labels.redo() && !this.labels.history.begun && this.#recall());
  }
  #recall(): boolean {
    let part: LoggedGesture[] = [];
    do {
      const { gestures, more } = this.ledger.logBefore(this.#known, this.user);
      part = [...gestures, ...part];
      this.#known = more ? gestures[0]!.revision : 0;
    } while (this.#known > 0 && !isWhole(part));
    this.labels.recall(part);
    return part.length > 0;
  }
  flush(): void {
    for (let next: Pending | undefined; (next = this.labels.pending[0]); ) {
      this.labels.acknowledge(next, this.ledger.write(structuredClone(next), this.user, this.labels.revision));
    }
  }
  do(...edits: Edit[]): void {
    this.labels.perform(edits);
  }
  seen(): unknown {
    return [...this.labels.cells()]
      .map(({ id, t, y, x, class: c, version }) => ({ id, t, y, x, c, version }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

function study(): { ledger: Ledger; page: Page } {
  const ledger = new Ledger();
  const page = new Page(ledger, "me");
  page.do({ op: "put_class", ...klass("A", 0) }, { op: "put_class", ...klass("B", 1) });
  page.flush();
  return { ledger, page };
}

describe("labels", () => {
  it("show a gesture at once and agree with the server after it", () => {
    const { ledger, page } = study();
    page.do(add("c", 5, 6));
    page.do({ op: "move", id: "c", version: 1, y: 7, x: 8 });
    page.do({ op: "reclass", id: "c", version: 2, class: "B" });
    const before = page.seen();
    expect(before).toEqual([{ id: "c", t: 0, y: 7, x: 8, c: "B", version: 3 }]);
    expect(page.labels.count("B")).toBe(1);
    page.flush();
    expect(page.seen()).toEqual(before);
    expect(new Page(ledger, "other").seen()).toEqual(before);
  });

  it("undo and redo through everything, also after a reload", () => {
    const { ledger, page } = study();
    const states = [page.seen()];
    const doing: Edit[][] = [
      [add("c", 5, 6), add("d", 50, 60)],
      [{ op: "move", id: "c", version: 1, y: 9, x: 9 }],
      [{ op: "reclass", id: "c", version: 2, class: "B" }, { op: "reclass", id: "d", version: 1, class: "B" }],
      [{ op: "delete", id: "c", version: 3 }],
      [add("e", 1, 1, null)],
    ];
    for (const edits of doing) {
      page.do(...edits);
      states.push(page.seen());
    }
    const plain = (state: unknown) => (state as { version: number }[]).map((cell) => ({ ...cell, version: 0 }));
    page.flush();
    for (let round = 0; round < 2; round++) {
      for (let i = doing.length - 1; i >= 0; i--) {
        if (i % 2 === round) page.reload();
        page.undo();
        page.flush();
        expect(plain(page.seen())).toEqual(plain(states[i]));
      }
      for (let i = 1; i <= doing.length; i++) {
        if (i % 2 === round) page.reload();
        page.redo();
        page.flush();
        expect(plain(page.seen())).toEqual(plain(states[i]));
      }
    }
    expect(plain(new Page(ledger, "other").seen())).toEqual(plain(page.seen()));
  });

  it("undo and redo as before after a reload, in however small parts the log comes", () => {
    for (let seed = 1; seed <= 30; seed++) {
      let state = seed;
      const draw = (n: number) => {
        state = (state * 48271) % 2147483647;
        return state % n;
      };
      const { ledger, page } = study();
      ledger.part = 1 + draw(4);
      const reloaded = new Page(ledger, "me");
      for (let i = 0; i < 40; i++) {
        const act = draw(4);
        if (act < 2) page.do(add(newId(), draw(90), draw(90)));
        else if (act === 2) page.labels.undo();
        else page.labels.redo();
        page.flush();
      }
      const places = (p: Page) => [...p.labels.cells()].map(({ id }) => id).sort();
      // The whole way back, and forth again, a fresh page does what the old one does.
      reloaded.reload();
      for (let i = 0; i < 60; i++) {
        const forth = i >= 45 || draw(4) === 0;
        if (forth) page.labels.redo();
        else page.labels.undo();
        if (forth) reloaded.redo();
        else reloaded.undo();
        expect(places(reloaded)).toEqual(places(page));
      }
    }
  });

  it("undo a class that was dropped, with its cells", () => {
    const { page } = study();
    page.do(add("c", 5, 6));
    page.do({ op: "reclass", id: "c", version: 1, class: null }, { op: "drop_class", id: "A", reassign: null });
    page.flush();
    expect(page.labels.class("A")).toBeUndefined();
    page.reload();
    page.undo();
    page.flush();
    expect(page.labels.class("A")?.name).toBe("A");
    expect(page.labels.cell("c")?.class).toBe("A");
  });

  it("keep both people's clicks", () => {
    const { ledger, page } = study();
    const ann = new Page(ledger, "Ann");
    page.do(add("mine", 1, 1));
    ann.do(add("hers", 2, 2));
    ann.flush();
    page.flush();
    expect(page.labels.cell("hers")?.by).toBe("Ann");
    expect(page.labels.cell("mine")?.by).toBe("me");
    expect(ledger.labels().cells.id.sort()).toEqual(["hers", "mine"]);
  });

  it("merge a move with another's new class", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "reclass", id: "c", version: 1, class: "B" });
    ann.flush();
    page.do({ op: "move", id: "c", version: 1, y: 4, x: 4 });
    page.flush();
    expect(page.labels.conflicts).toEqual([]);
    expect(ledger.cell("c")).toMatchObject({ y: 4, x: 4, class: "B", version: 3 });
    expect(page.seen()).toEqual(new Page(ledger, "third").seen());
  });

  it("show a conflict when both gave a class, and let a person decide", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1, null));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "reclass", id: "c", version: 1, class: "B" });
    ann.flush();
    page.do({ op: "reclass", id: "c", version: 1, class: "A" });
    page.do({ op: "move", id: "c", version: 2, y: 3, x: 3 });
    page.flush();
    expect(page.labels.cell("c")).toMatchObject({ class: "B", y: 1 });
    const [conflict] = page.labels.conflicts;
    expect(conflict?.mine.map((edit) => edit.op)).toEqual(["reclass", "move"]);
    page.labels.decide(conflict!, "mine");
    page.flush();
    expect(ledger.cell("c")).toMatchObject({ class: "A", y: 3, x: 3 });
    expect(page.labels.conflicts).toEqual([]);
  });

  it("show a conflict too when the other's edit came home before mine was sent", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1, null));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "reclass", id: "c", version: 1, class: "B" });
    ann.flush();
    page.do({ op: "reclass", id: "c", version: 1, class: "A" });
    page.labels.learn(ledger.log(page.labels.revision).gestures, ledger.revision);
    page.flush();
    expect(ledger.cell("c")).toMatchObject({ class: "B", version: 2 });
    expect(page.labels.conflicts).toMatchObject([{ id: "c", seen: { class: null }, theirs: { class: "B" } }]);
  });

  it("agree when both gave the same class", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1, null));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "reclass", id: "c", version: 1, class: "B" });
    ann.flush();
    page.do({ op: "reclass", id: "c", version: 1, class: "B" });
    page.flush();
    expect(page.labels.conflicts).toEqual([]);
    expect(ledger.cell("c")).toMatchObject({ class: "B", by: "me", version: 3 });
  });

  it("decline a class that somebody dropped, and ask for it no more", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1, null));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "drop_class", id: "B" });
    ann.flush();
    page.do({ op: "reclass", id: "c", version: 1, class: "B" });
    const [sent] = page.labels.pending;
    const outcome = page.labels.acknowledge(sent!, ledger.write(structuredClone(sent!), "you", page.labels.revision));
    expect(outcome).toMatchObject({ follow: [], undecided: [], declined: [{ reason: "its class is not there any more" }] });
    expect(page.labels.pending).toEqual([]);
    expect(page.labels.cell("c")).toMatchObject({ class: null });
  });

  it("put a cell back that somebody deleted under a move", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "delete", id: "c", version: 1 });
    ann.flush();
    page.do({ op: "move", id: "c", version: 1, y: 8, x: 8 });
    page.flush();
    expect(page.labels.size).toBe(0);
    page.labels.decide(page.labels.conflicts[0]!, "mine");
    page.flush();
    expect(ledger.labels().cells).toMatchObject({ y: [8], x: [8], class: ["A"] });
  });

  it("leave alone what somebody changed since when undoing", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1), add("d", 5, 5));
    page.flush();
    const ann = new Page(ledger, "Ann");
    ann.do({ op: "reclass", id: "c", version: 1, class: "B" });
    ann.flush();
    page.labels.learn(ledger.log(page.labels.revision).gestures, ledger.revision);
    page.labels.undo();
    page.flush();
    expect(ledger.labels().cells.id).toEqual(["c"]);
  });

  it("undo a class that was given again, and nothing before it", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1));
    page.do({ op: "reclass", id: "c", version: 1, class: "A" });
    page.undo();
    page.flush();
    expect(ledger.labels().cells).toMatchObject({ id: ["c"], class: ["A"], version: [3] });
    expect(ledger.log(0).gestures.at(-1)!.undoes).toBe(ledger.log(0).gestures.at(-2)!.gesture);
  });

  it("take an answer that comes twice, or by the log first, once", () => {
    const { ledger, page } = study();
    page.do(add("c", 1, 1));
    page.flush();
    page.do({ op: "move", id: "c", version: 1, y: 2, x: 2 });
    const gesture = page.labels.pending[0]!;
    const reply = ledger.write(gesture, "me", page.labels.revision);
    page.labels.learn(ledger.log(page.labels.revision).gestures, ledger.revision);
    expect(page.labels.pending).toEqual([]);
    page.labels.acknowledge(gesture, reply);
    expect(page.labels.cell("c")).toMatchObject({ y: 2, version: 2 });
  });

  it("take a gesture back that the server cannot take", () => {
    const { page } = study();
    page.do(add("c", 1, 1));
    page.labels.reject(page.labels.pending[0]!);
    expect(page.labels.size).toBe(0);
    expect(page.labels.frames.size(1, 0, 0)).toBe(0);
    page.labels.undo();
    expect(page.labels.class("B")).toBeUndefined();
  });

  it("end as the server's log whatever several people do", () => {
    for (let seed = 1; seed <= 20; seed++) {
      let state = seed;
      const draw = (n: number) => {
        state = (state * 48271) % 2147483647;
        return state % n;
      };
      const { ledger } = study();
      const pages = ["a", "b", "c"].map((user) => new Page(ledger, user));
      for (let i = 0; i < 150; i++) {
        const page = pages[draw(3)]!;
        const cells = [...page.labels.cells()];
        const cell = cells[draw(Math.max(1, cells.length))];
        const act = draw(8);
        if (act < 3 || !cell) page.do(add(newId(), draw(90), draw(90), draw(2) ? "A" : "B"));
        else if (act === 3) page.do({ op: "move", id: cell.id, version: cell.version, y: draw(90), x: draw(90) });
        else if (act === 4) page.do({ op: "reclass", id: cell.id, version: cell.version, class: draw(2) ? "A" : null });
        else if (act === 5) page.do({ op: "delete", id: cell.id, version: cell.version });
        else if (act === 6) page.labels.undo();
        else page.labels.redo();
        if (draw(4) === 0) page.flush();
      }
      for (const page of pages) page.flush();
      for (const page of pages) page.labels.learn(ledger.log(0).gestures, ledger.revision);
      const truth = new Page(ledger, "fresh");
      for (const page of pages) {
        expect(page.seen()).toEqual(truth.seen());
        expect(page.labels.frames.size(1, 0, 0)).toBe(page.labels.size);
        expect(page.labels.count("A") + page.labels.count("B") + page.labels.count(null)).toBe(page.labels.size);
      }
    }
  });
});
