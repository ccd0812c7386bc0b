import { describe, expect, it } from "vitest";
import { MarkerList, STRIDE } from "../draw/markerlist";
import { fit, pan, reveal, toImage, toStage, zoomAt } from "./camera";
import { autoLimits, channelsLike, type ChannelView, channelViews, compose, cut } from "./channels";
import { mistake, newClass, PALETTE, SHAPES, turn } from "./classes";
import type { Cell, CellClass, Edit, Histogram, ImageInfo, Suggestion } from "./contract";
import { FrameIndex } from "./frames";
import { newId } from "./id";
import { BINDINGS, commandOf } from "./keys";
import { Labels } from "./labels";
import { Lru } from "./lru";
import { wanted } from "./prefetch";
import { SuggestionQueue } from "./queue";
import { scaleBar, timeStamp } from "./scale";
import { Warnings } from "./warnings";

const image = { height: 1000, width: 2000 };
const stage = { height: 500, width: 800 };

function cell(id: string, y: number, x: number, c: string | null = "A"): Cell {
  return { id, image: 1, t: 0, z: 0, y, x, class: c, by: "", version: 1, flagged: false };
}

describe("camera", () => {
  it("shows the whole image, and maps there and back", () => {
    const camera = fit(image, stage);
    const corner = toStage(camera, stage, -0.5, -0.5);
    expect(corner.x).toBeGreaterThanOrEqual(0);
    expect(corner.y).toBeGreaterThanOrEqual(0);
    const back = toImage(camera, stage, corner.y, corner.x);
    expect(back.y).toBeCloseTo(-0.5, 9);
    expect(back.x).toBeCloseTo(-0.5, 9);
  });

  it("keeps the place under the pointer while zooming", () => {
    let camera = fit(image, stage);
    const under = toImage(camera, stage, 300, 250);
    for (let i = 0; i < 5; i++) camera = zoomAt(camera, image, stage, 300, 250, 1.4);
    const after = toImage(camera, stage, 300, 250);
    expect(after.y).toBeCloseTo(under.y, 6);
    expect(after.x).toBeCloseTo(under.x, 6);
  });

  it("never loses the image", () => {
    const camera = pan(fit(image, stage), image, 1e9, -1e9);
    expect(camera.y).toBe(-0.5);
    expect(camera.x).toBe(1999.5);
  });

  it("moves to a place only when it is not in view", () => {
    const camera = { scale: 2, y: 500, x: 500 };
    expect(reveal(camera, image, stage, 510, 490)).toBe(camera);
    expect(reveal(camera, image, stage, 900, 490)).toMatchObject({ y: 900, x: 490 });
  });
});

describe("frame index", () => {
  it("finds what a search through all finds", () => {
    const index = new FrameIndex();
    const cells = Array.from({ length: 500 }, (_, i) => cell(`${i}`, (i * 37) % 211, (i * 91) % 307));
    for (const c of cells) index.add(c);
    for (const c of cells.slice(0, 200)) index.remove(c);
    const left = cells.slice(200);
    for (const [y, x, radius] of [[0, 0, 20], [100, 150, 33], [210, 306, 400], [50.5, 77.7, 5]] as const) {
      const expected = left.filter((c) => Math.hypot(c.y - y, c.x - x) <= radius).map((c) => c.id);
      const found = index.near(1, 0, 0, y, x, radius);
      expect(found.map((c) => c.id).sort()).toEqual(expected.sort());
      const distances = found.map((c) => (c.y - y) ** 2 + (c.x - x) ** 2);
      expect(distances).toEqual([...distances].sort((a, b) => a - b));
    }
    expect(index.size(1, 0, 0)).toBe(300);
    expect([...index.in(1, 0, 0)].length).toBe(300);
    expect(index.countsByTime(1).get(0)).toBe(300);
  });

  it("warns of two classes at nearly one place, and of nothing else", () => {
    const index = new FrameIndex();
    for (const c of [cell("a", 10, 10), cell("b", 12, 10, "B"), cell("c", 50, 50), cell("d", 51, 50), cell("n", 50, 51, null)]) {
      index.add(c);
    }
    expect(index.rivals(cell("a", 10, 10), 8).map((c) => c.id)).toEqual(["b"]);
    expect(index.rivals(cell("a", 10, 10), 1)).toEqual([]);
    expect(index.rivals(cell("c", 50, 50), 8)).toEqual([]);
  });
});

describe("markers", () => {
  const look = { color: 0x56b4e9, shape: 2, state: 1 };

  it("are put in, moved and taken out one by one, and say which places that changed", () => {
    const list = new MarkerList();
    const truth = new Map<string, number>();
    let drawn = new Float32Array(0);
    let random = 7;
    const draw = (n: number) => (random = (random * 48271) % 2147483647) % n;
    for (let i = 0; i < 5000; i++) {
      const id = `${draw(900)}`;
      if (draw(3) === 0) {
        list.drop(id);
        truth.delete(id);
      } else {
        list.put(id, i, -i, look);
        truth.set(id, i);
      }
      if (i % 3 > 0) continue;
      const changed = list.changes();
      if (!changed) drawn = list.numbers.slice();
      for (const at of changed ?? []) drawn.set(list.numbers.subarray(at * STRIDE, (at + 1) * STRIDE), at * STRIDE);
      expect(changed === null || changed.size <= 3).toBe(true);
      expect(list.n).toBe(truth.size);
      const seen = Array.from({ length: list.n }, (_, k) => [...drawn.subarray(k * STRIDE, (k + 1) * STRIDE)]);
      expect(seen.map(([x]) => x).sort()).toEqual([...truth.values()].sort());
      expect(seen.every(([x, y, color, bits]) => y === -x! && color === look.color && bits === 18)).toBe(true);
    }
  });
});

describe("warnings", () => {
  it("follow what changes as if every cell were looked at again", () => {
    const labels = new Labels(newId);
    const warnings = new Warnings(labels, 6);
    const told = new Set<string>();
    labels.subscribe((changed) => {
      for (const id of warnings.check(changed ?? [])) if (!told.delete(id)) told.add(id);
    });
    const put = (id: string, position: number): Edit => ({ op: "put_class", ...newClass(id, id, []), position });
    labels.perform([put("A", 0), put("B", 1)]);
    let random = 3;
    const draw = (n: number) => (random = (random * 48271) % 2147483647) % n;
    for (let i = 0; i < 600; i++) {
      const cells = [...labels.cells()];
      const old = cells[draw(Math.max(1, cells.length))];
      const act = draw(5);
      if (act < 2 || !old) {
        labels.perform([{ op: "add", id: `${i}`, image: 1, t: 0, z: 0, y: draw(60), x: draw(60), class: draw(2) ? "A" : "B" }]);
      } else if (act === 2) labels.perform([{ op: "move", id: old.id, version: old.version, y: draw(60), x: draw(60) }]);
      else if (act === 3) labels.perform([{ op: "reclass", id: old.id, version: old.version, class: draw(2) ? "A" : null }]);
      else labels.perform([{ op: "delete", id: old.id, version: old.version }]);
      const warned = [...labels.cells()].filter((c) => labels.frames.rivals(c, 6).length > 0).map((c) => c.id);
      const all = new Set([...labels.cells()].map((c) => c.id).filter((id) => warnings.has(id)));
      expect([...all].sort()).toEqual(warned.sort());
      expect(told).toEqual(all);
      expect(warnings.size).toBe(warnings.pairs().length);
      expect(new Set(warnings.pairs().flat())).toEqual(all);
    }
  });
});

describe("classes", () => {
  it("get colours, shapes and keys that are free, nine times and more", () => {
    const classes: CellClass[] = [];
    for (let i = 0; i < 11; i++) classes.push(newClass(`${i}`, `class ${i}`, classes));
    expect(new Set(classes.slice(0, PALETTE.length).map((c) => c.color)).size).toBe(PALETTE.length);
    expect(new Set(classes.slice(0, SHAPES.length).map((c) => c.shape)).size).toBe(SHAPES.length);
    expect(classes.map((c) => c.hotkey)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, null, null]);
    expect(turn(classes, "10", 1)).toBe("0");
    expect(turn(classes, "0", -1)).toBe("10");
    expect(turn([], "0", 1)).toBeNull();
  });

  it("are refused with a reason", () => {
    const a = newClass("1", "Interphase", []);
    const b = newClass("2", "interphase", [a]);
    expect(mistake(b, [a])).toContain("already");
    expect(mistake({ ...b, name: "a/b" }, [a])).toContain("folder");
    expect(mistake({ ...b, name: " " }, [a])).toContain("name");
    expect(mistake({ ...b, name: "Metaphase", hotkey: 1 }, [a])).toContain("Key 1");
    expect(mistake({ ...b, name: "Metaphase" }, [a])).toBeNull();
  });
});

describe("pixels", () => {
  const view: ChannelView = { name: "", color: "#ff0000", shown: true, low: 10, high: 60, auto: true };

  it("are cut as annotation files cut them, with zeros outside", () => {
    const plane = Uint8Array.from({ length: 6 * 5 }, (_, i) => i + 1);
    expect([...cut(plane, 6, 5, 2.9, 2.1, 4)]).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19]);
    expect([...cut(plane, 6, 5, 0, 4, 2)]).toEqual([0, 0, 4, 5]);
  });

  it("are shown as those of the image before, when they are the same channels", () => {
    const of = (names: string[], dtype: ImageInfo["dtype"]): ImageInfo => ({
      id: 1,
      name: "",
      shape: { t: 1, z: 1, c: names.length, y: 9, x: 9 },
      dtype,
      channels: names.map((name) => ({ name, color: null })),
      pixel_um: null,
      frame_seconds: null,
    });
    const before = of(["DAPI", "GFP"], "uint16");
    const views = channelViews(before).map((view): ChannelView => ({ ...view, high: 900, auto: false }));
    expect(channelsLike(of(["DAPI", "GFP"], "uint16"), before, views)).toEqual(views);
    for (const other of [of(["DAPI", "RFP"], "uint16"), of(["DAPI"], "uint16"), of(["DAPI", "GFP"], "uint8")]) {
      expect(channelsLike(other, before, views)).toEqual(channelViews(other));
    }
  });

  it("add up in the colours of their channels", () => {
    const green = { ...view, color: "#00ff00", low: 0, high: 255 };
    const out = compose([Uint8Array.of(10, 20, 200), Uint8Array.of(0, 255, 51)], [view, green], 3);
    expect([...out]).toEqual([0, 0, 0, 255, 51, 255, 0, 255, 255, 51, 0, 255]);
  });

  it("have limits by percentile, never without a span", () => {
    const histogram: Histogram = { min: 0, max: 9, p_low: 3, p_high: 3, edges_from: 0, edges_to: 9, counts: [] };
    expect(autoLimits(histogram)).toEqual({ low: 3, high: 4 });
    expect(autoLimits({ ...histogram, p_high: 8 })).toEqual({ low: 3, high: 8 });
  });
});

describe("units", () => {
  it.each([
    [0.33, 1, 120, "20 µm"],
    [0.33, 8, 120, "2 µm"],
    [0.1, 40, 120, "200 nm"],
    [10, 0.5, 120, "2 mm"],
  ])("%d µm per pixel at %d screen pixels: a bar of at most %d", (pixelUm, scale, room, text) => {
    const bar = scaleBar(pixelUm, scale, room);
    expect(bar.text).toBe(text);
    expect(bar.length).toBeLessThanOrEqual(room);
    expect(bar.length).toBeGreaterThan(room / 3);
  });

  it("time is read from the first frame", () => {
    expect(timeStamp(100, 240)).toBe("6:40:00");
    expect(timeStamp(7, 0.1)).toBe("0:00:00.7");
  });
});

describe("keys", () => {
  it("mean one thing each", () => {
    const keys = BINDINGS.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("are read with what is held", () => {
    const press = (key: string, held: string[] = []) => commandOf({
      key,
      ctrlKey: held.includes("Ctrl"),
      metaKey: held.includes("Meta"),
      shiftKey: held.includes("Shift"),
      altKey: held.includes("Alt"),
    });
    expect(press(".")).toBe("class_next");
    expect(press("?", ["Shift"])).toBe("help");
    expect(press("A", ["Shift"])).toBe("select_all");
    expect(press("Z", ["Ctrl", "Shift"])).toBe("redo");
    expect(press("z", ["Meta"])).toBe("undo");
    expect(press("ArrowUp", ["Shift"])).toBe("cursor_up");
    expect(press("a", ["Ctrl"])).toBeNull();
    expect(press("1", ["Alt"])).toBeNull();
  });
});

describe("the rest", () => {
  it("an LRU drops what was used least lately, and tells", () => {
    const dropped: number[] = [];
    const lru = new Lru<number>(10, (value) => dropped.push(value));
    lru.set("a", 1, 4);
    lru.set("b", 2, 4);
    lru.get("a");
    lru.set("c", 3, 4);
    expect(dropped).toEqual([2]);
    lru.set("huge", 4, 100);
    expect(dropped).toEqual([2, 1, 3]);
    expect(lru.get("huge")).toBe(4);
    expect(lru.bytes).toBe(100);
  });

  it("frames are fetched ahead first", () => {
    expect(wanted(5, 10, 1, 3, 1)).toEqual([6, 4, 7, 8]);
    expect(wanted(0, 3, -1, 3, 1)).toEqual([1]);
  });

  it("suggestions come the unsure first, and skipped ones again", () => {
    const queue = new SuggestionQueue();
    const suggestion = (id: string, margin: number): Suggestion => ({ id, image: 1, t: 0, z: 0, y: 0, x: 0, p: [], class: null, margin });
    const all = [suggestion("a", 0.9), suggestion("b", 0.1), suggestion("c", 0.5)];
    queue.load(all);
    expect(queue.current?.id).toBe("b");
    queue.skip();
    queue.take("c");
    queue.take("a");
    expect(queue.current?.id).toBe("b");
    queue.load(all);
    expect(queue.waiting.map((s) => s.id)).toEqual(["b"]);
    queue.restart();
    queue.load(all);
    expect(queue.waiting.length).toBe(3);
  });

  it("ids are UUIDs of version 4", () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(Array.from({ length: 100 }, newId)).size).toBe(100);
  });
});
