import { describe, expect, it } from "vitest";
import { Budget, strideOf } from "../../draw/budget";
import { newId } from "../id";
import { coloured, varied, viridis } from "./colors";
import { type Column, EMPTY, type PlateInfo } from "./contract";
import { cellsOf, shown } from "./filter";
import { Grid } from "./grid";
import { planeOf } from "./plane";
import { rowName, wellName, wellsOf, wellValues } from "./plate";
import { overlaid, Relabels } from "./relabels";
import { among, crossed, histogram, sorted, tally } from "./tally";
import { thumbs } from "./thumbs";

/** Repeatable numbers between 0 and 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const classes = (name: string, codes: number[], levels: string[]): Extract<Column, { kind: "class" }> => {
  return { kind: "class", name, codes: Uint16Array.from(codes), levels, colors: levels.map(() => "#000000") };
};
const numbers = (values: number[]): Extract<Column, { kind: "number" }> => {
  const present = values.filter((value) => !Number.isNaN(value));
  return { kind: "number", name: "x", values: Float32Array.from(values), min: Math.min(...present), max: Math.max(...present) };
};
const all = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

describe("plane", () => {
  it("keeps one scale, turns y downwards and leaves out what has no place", () => {
    const { at, size } = planeOf(Float32Array.of(-1, 0, 1, 0.5, Number.NaN, 3));
    expect(size.width).toBeCloseTo(4096);
    expect(size.height).toBeCloseTo(321 + 3775 / 4);
    expect([...at.slice(0, 4)].map(Math.round)).toEqual([160, 1104, 3935, 160]);
    expect(at[4]).toBeLessThan(-1000);
  });

  it("bears one cell, and cells that all lie at one place", () => {
    for (const positions of [Float32Array.of(3, 4), Float32Array.of(3, 4, 3, 4), new Float32Array(0)]) {
      const plane = planeOf(positions);
      expect([...plane.at].every(Number.isFinite)).toBe(true);
      expect(new Grid(plane).nearest({ y: 160, x: 160 }, 5, () => true) === null).toBe(positions.length === 0);
    }
  });
});

describe("grid", () => {
  const next = random(7);
  const n = 5000;
  const plane = planeOf(Float32Array.from({ length: 2 * n }, () => next() + next()));
  const grid = new Grid(plane);
  const spot = (i: number) => ({ x: plane.at[2 * i]!, y: plane.at[2 * i + 1]! });

  it("finds the nearest as looking at all does", () => {
    for (let k = 0; k < 50; k++) {
      const at = { x: next() * 4096, y: next() * 4096 };
      const distances = Array.from({ length: n }, (_, i) => Math.hypot(spot(i).x - at.x, spot(i).y - at.y));
      const even = (i: number) => i % 2 === 0;
      const best = distances.reduce((b, d, i) => (even(i) && d <= 60 && (b < 0 || d < distances[b]!) ? i : b), -1);
      expect(grid.nearest(at, 60, even)).toBe(best < 0 ? null : best);
    }
  });

  it("finds what lies in a box, and no more than asked for", () => {
    const [a, b] = [{ x: 2000, y: 900 }, { x: 700, y: 1800 }];
    const inside = [...all(n)].filter((i) => spot(i).x >= 700 && spot(i).x <= 2000 && spot(i).y >= 900 && spot(i).y <= 1800);
    expect(grid.within(a, b).sort((p, q) => p - q)).toEqual(inside);
    expect(grid.within(a, b, 7).length).toBe(7);
  });

  it("finds what a line encloses, by the even-odd rule", () => {
    const star = Array.from({ length: 5 }, (_, i) => ({ x: 2000 + 1500 * Math.sin((i * 4 * Math.PI) / 5), y: 2000 + 1500 * Math.cos((i * 4 * Math.PI) / 5) }));
    const wound = (x: number, y: number) => {
      let odd = false;
      star.forEach((a, i) => {
        const b = star[(i + 1) % 5]!;
        if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) odd = !odd;
      });
      return odd;
    };
    const inside = [...all(n)].filter((i) => wound(spot(i).x, spot(i).y));
    expect(inside.length).toBeGreaterThan(100);
    expect([...grid.inside(star)].sort((p, q) => p - q)).toEqual(inside);
    expect(grid.inside(star.slice(0, 2)).length).toBe(0);
    const whole = [{ x: -9, y: -9 }, { x: 9999, y: -9 }, { x: 9999, y: 9999 }, { x: -9, y: 9999 }];
    expect(grid.inside(whole).length).toBe(n);
  });

  it("puts pictures beside each other, and points where there are too many", () => {
    const camera = { scale: 1, y: 2000, x: 2000 };
    const found = thumbs(grid, camera, { y: 1600, x: 1600 }, { y: 2400, x: 2400 }, 44, spot, (i) => i % 3 !== 0);
    expect(found.length).toBeGreaterThan(20);
    expect(found.every(({ cell }) => cell % 3 !== 0)).toBe(true);
    for (const a of found) for (const b of found) if (a !== b) expect(Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y))).toBeGreaterThanOrEqual(44);
    expect(thumbs(grid, camera, { y: 0, x: 0 }, { y: 4096, x: 4096 }, 44, spot, () => true)).toEqual([]);
  });
});

describe("filters", () => {
  it("let through what all of them let through; empty values fit no range", () => {
    const label = classes("label", [0, 1, EMPTY, 1, 0], ["a", "b"]);
    const x = numbers([1, 2, 3, Number.NaN, 5]);
    const text: Column = { kind: "text", name: "t", values: ["One", "two", "three", "one", "none"] };
    expect([...cellsOf(shown(5, []))]).toEqual([0, 1, 2, 3, 4]);
    expect([...cellsOf(shown(5, [[label, { kind: "class", hidden: new Set(["b"]) }]]))]).toEqual([0, 2, 4]);
    expect([...cellsOf(shown(5, [[x, { kind: "number", low: 2, high: 5 }]]))]).toEqual([1, 2, 4]);
    expect([...cellsOf(shown(5, [[text, { kind: "text", contains: "ONE" }], [label, { kind: "class", hidden: new Set([null, "b"]) }]]))]).toEqual([0, 4]);
    const recoded = classes("label", [1, 0, EMPTY, 0, 1], ["b", "a"]);
    expect([...cellsOf(shown(5, [[recoded, { kind: "class", hidden: new Set(["b"]) }]]))]).toEqual([0, 2, 4]);
  });
});

describe("counting and sorting", () => {
  const label = classes("label", [0, 1, EMPTY, 1, 0, 0], ["a", "b"]);
  const guess = classes("prediction", [0, 1, 1, 0, 2, 0], ["a", "b", "c"]);

  it("counts classes and crosses them by name", () => {
    expect(tally(label, all(6))).toEqual([3, 2, 1]);
    expect(crossed(label, guess, all(6))).toEqual({ classes: ["a", "b", "c"], counts: [[2, 0, 1], [1, 1, 0], [0, 0, 0]] });
    expect([...among(label, "a", guess, "a", all(6))]).toEqual([0, 5]);
    expect([...among(label, null, guess, "b", all(6))]).toEqual([1]);
    expect([...among(label, "c", guess, null, all(6))]).toEqual([]);
  });

  it("sorts with empty values last, equal ones in their order", () => {
    const x = numbers([3, Number.NaN, 1, 3, 2, 1]);
    expect([...sorted(all(6), x, false)]).toEqual([2, 5, 4, 0, 3, 1]);
    expect([...sorted(all(6), x, true)]).toEqual([0, 3, 4, 2, 5, 1]);
    expect([...sorted(all(6), label, true)]).toEqual([1, 3, 0, 4, 5, 2]);
    expect([...sorted(all(3), null, true)]).toEqual([2, 1, 0]);
    expect(histogram(x, all(6), 2)).toEqual([2, 3]);
  });

  it("puts new classes over labels", () => {
    const corrected = overlaid(label, classes("relabel", [EMPTY, 1, 0, EMPTY, EMPTY, EMPTY], ["z", "b"]));
    expect(corrected.levels).toEqual(["a", "b", "z"]);
    expect([...corrected.codes]).toEqual([0, 1, 2, 1, 0, 0]);
  });
});

describe("colours", () => {
  it("give numbers an even scale and empty cells none", () => {
    const { codes, colors } = coloured(numbers([0, 5, 10, Number.NaN]), 4);
    expect([...codes]).toEqual([0, 128, 255, EMPTY]);
    expect([colors[0], colors[255]]).toEqual([viridis(0), viridis(1)]);
    expect([...coloured(null, 2).codes]).toEqual([EMPTY, EMPTY]);
    expect(viridis(0.5)).toBe("#21918c");
  });

  it("differ when a palette comes again", () => {
    const six = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7"];
    const many = varied([...six, ...six, ...six]);
    expect(many.slice(0, 6)).toEqual(six);
    expect(new Set(many).size).toBe(18);
  });
});

describe("points", () => {
  it("lie in an order that meets each once", () => {
    for (const n of [1, 2, 3, 4, 6, 10, 97, 1000]) {
      const step = strideOf(n);
      expect(new Set(Array.from({ length: n }, (_, k) => (k * step) % n)).size).toBe(n);
    }
  });
});

describe("budget", () => {
  it("falls until frames come in time, however late they came, and grows again", () => {
    for (const cost of [0.0003, 0.003]) {
      const budget = new Budget();
      let now = 0;
      const drawn: number[] = [];
      for (let i = 0; i < 60; i++) {
        const n = Math.min(1_000_000, budget.most);
        drawn.push(n);
        budget.frame(now, n);
        now += Math.max(16, n * cost);
      }
      expect(drawn[0]).toBe(1_000_000);
      expect(Math.max(...drawn.slice(-20)) * cost).toBeLessThan(Math.max(45, 40_000 * cost + 1));
      budget.rest();
      const before = budget.most;
      budget.frame(now + 60_000, 1_000_000);
      expect(budget.most).toBe(before);
      for (let i = 0; i < 100; i++) budget.frame(now + 60_000 + 16 * (i + 1), 40_000);
      expect(budget.most).toBeGreaterThan(before * 10);
    }
  });
});

describe("plate", () => {
  it("names wells", () => {
    expect([wellName(0, 0), wellName(7, 11), wellName(31, 47), rowName(26)]).toEqual(["A01", "H12", "AF48", "AA"]);
  });

  it("gathers cells by well and plate, and takes means of what is there", () => {
    const info: PlateInfo = { rows: 1, columns: 2, plates: ["p", "q"], plate: "plate", well: "well", places: [[0, 1], null, [0, 0]] };
    const wells = wellsOf(info, classes("well", [0, 0, 1, 2, 0], ["A02", "?", "A01"]), classes("plate", [0, 1, 0, 0, 0], ["p", "q"]), 0, all(5));
    expect(wells).toEqual([[3], [0, 4]]);
    expect(wellValues(wells, numbers([1, 9, 9, Number.NaN, 2]), all(0))).toEqual([null, 1.5]);
    expect(wellValues(wells, "selected", Uint32Array.of(4))).toEqual([0, 0.5]);
    expect(wellValues([[], ...wells], "cells", all(0))).toEqual([null, 1, 2]);
  });
});

describe("new classes", () => {
  const reply = { revision: 3, cells: [5], class: ["b"], classes: [] };

  it("undo and redo bring back what each cell had", () => {
    const relabels = new Relabels(newId);
    relabels.load(reply);
    relabels.give([4, 5, 6], "a");
    relabels.give([6], null);
    expect([4, 5, 6].map((cell) => relabels.of(cell))).toEqual(["a", "a", null]);
    relabels.undo();
    expect(relabels.of(6)).toBe("a");
    const [back] = relabels.undo() ?? [];
    expect(back).toMatchObject({ cells: [4, 5, 6], classes: [null, "b", null] });
    expect(relabels.undo()).toBeNull();
    relabels.redo();
    expect([4, 5, 6].map((cell) => relabels.of(cell))).toEqual(["a", "a", "a"]);
    expect([...relabels.entries()]).toEqual([[5, "a"], [4, "a"], [6, "a"]]);
  });

  it("go in gestures of ten thousand, and nothing goes when nothing changes", () => {
    const relabels = new Relabels(newId);
    const cells = Array.from({ length: 25_000 }, (_, i) => i);
    expect(relabels.give(cells, "a").map((gesture) => gesture.cells.length)).toEqual([10_000, 10_000, 5_000]);
    expect(relabels.give(cells, "a")).toEqual([]);
    expect(relabels.undo()?.length).toBe(3);
  });

  it("stand on top of what the server tells, until it refuses them", () => {
    const relabels = new Relabels(newId);
    relabels.load(reply);
    const [gesture] = relabels.give([5, 7], "c") as [ReturnType<Relabels["give"]>[number]];
    relabels.load({ ...reply, revision: 4, class: ["d"] });
    expect([relabels.of(5), relabels.of(7)]).toEqual(["c", "c"]);
    relabels.acknowledge(gesture, { revision: 5, refused: [5] });
    expect([relabels.of(5), relabels.of(7), relabels.pending.length, relabels.revision]).toEqual(["d", "c", 0, 5]);
    const [bad] = relabels.give([7], "e") as [typeof gesture];
    relabels.reject(bad);
    expect(relabels.of(7)).toBe("c");
  });
});
