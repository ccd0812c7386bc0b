import { describe, expect, it } from "vitest";
import type { Cell, Edit } from "./contract";
import { csvRow, meantCsv } from "./declined";
import { newId } from "./id";
import { Labels } from "./labels";

const place = { image: 2, t: 3, z: 0, y: 4.5, x: 6 };

describe("edits that the server does not take", () => {
  it("are written as the cells that they meant, with their deletions left out", () => {
    const labels = new Labels(newId);
    labels.user = "Ann";
    const shape = { color: "#56b4e9", shape: "circle", hotkey: 1, target: null, position: 0 };
    labels.perform([{ op: "put_class", id: "m", name: "Meta, late", ...shape }]);
    labels.perform([{ op: "add", id: "known", ...place, class: null }]);
    const edits: Edit[] = [
      { op: "add", id: "a", ...place, class: "m" },
      { op: "move", id: "a", version: 1, y: 7, x: 8 },
      { op: "reclass", id: "known", version: 1, class: "elsewhere" },
      { op: "add", id: "b", ...place, class: null },
      { op: "delete", id: "b", version: 1 },
      { op: "delete", id: "nobody's", version: 1 },
    ];
    const text = meantCsv(edits, labels, "Ann", (image) => `movie ${image}.tif`);
    expect(text.split("\n")).toEqual([
      "image,frame,z,y,x,class,by,id",
      'movie 2.tif,3,0,7,8,"Meta, late",Ann,a',
      "movie 2.tif,3,0,4.5,6,elsewhere,Ann,known",
      "",
    ]);
  });

  it("are quoted where a field could be read as two", () => {
    expect(csvRow(['say "A"', "a\nb", 1])).toBe('"say ""A""","a\nb",1\n');
  });

  it("become no conflict, but what follows them in the queue goes along", () => {
    const labels = new Labels(newId);
    labels.perform([{ op: "add", id: "a", ...place, class: null }]);
    labels.perform([{ op: "add", id: "b", ...place, class: null }]);
    labels.perform([{ op: "move", id: "a", version: 1, y: 7, x: 8 }]);
    const gesture = labels.pending[0]!;
    const refused = [{ index: 0, reason: "unknown_image" as const, current: null as Cell | null }];
    const reply = { revision: 1, gesture: gesture.gesture, applied: [], refused, since: [], more: false };
    const { follow, declined } = labels.acknowledge(gesture, reply);
    expect(follow).toEqual([]);
    expect(labels.conflicts).toEqual([]);
    expect(declined.map(({ gesture: { edits }, reason }) => [reason, edits.map(({ op, id }) => `${op} ${id}`)])).toEqual([
      ["the study does not know this image", ["add a", "move a"]],
    ]);
    expect([...labels.ids()]).toEqual(["b"]);
    expect(labels.pending.length).toBe(1);
  });
});
