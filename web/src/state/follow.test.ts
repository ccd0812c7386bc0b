import { describe, expect, it } from "vitest";
import { LookBack, follow } from "./follow";
import { newId } from "./id";
import { Labels } from "./labels";

function labels(...cells: [id: string, t: number, y: number][]): Labels {
  const made = new Labels(newId);
  for (const [id, t, y] of cells) made.perform([{ op: "add", id, image: 1, t, z: 0, y, x: 5, class: id.slice(0, 1) }]);
  return made;
}

describe("following cells to the next frame", () => {
  it("adds what is not there yet, of the same class at the same place", () => {
    const known = labels(["a1", 0, 10], ["b1", 0, 50]);
    const { edits, cells } = follow(known, [known.cell("a1")!, known.cell("b1")!], 8);
    expect(edits).toMatchObject([{ op: "add", t: 1, y: 10, x: 5, class: "a" }, { op: "add", t: 1, y: 50, class: "b" }]);
    known.perform(edits);
    expect(cells.map((id) => known.cell(id)?.t)).toEqual([1, 1]);
  });

  it("takes a near cell for the same, and labels nothing twice", () => {
    const known = labels(["a1", 0, 10], ["a2", 1, 15], ["a3", 1, 40]);
    expect(follow(known, [known.cell("a1")!], 8)).toEqual({ edits: [], cells: ["a2"] });
  });
});

describe("looking back", () => {
  it("shows each of the last cells once, also when they are changed on the way, and begins anew", () => {
    const known = labels(["a1", 0, 10], ["a2", 1, 15], ["a3", 1, 40]);
    const back = new LookBack(known);
    expect(back.next()?.id).toBe("a3");
    expect(back.next()?.id).toBe("a2");
    known.perform([{ op: "reclass", id: "a2", version: 1, class: "b" }]);
    expect(back.next()?.id).toBe("a1");
    expect(back.next()).toBeNull();
    known.perform([{ op: "delete", id: "a3", version: 1 }]);
    back.restart();
    expect(back.next()?.id).toBe("a2");
  });
});
