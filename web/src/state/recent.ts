import type { Cell, ClassId } from "./contract";
import type { Labels } from "./labels";

/** How many deeds back to look for recent cells. */
const REACH = 3000;

/** The cells of each class that were touched last, the latest first, at most `n` of each. */
export function recent(labels: Labels, n: number): Map<ClassId, Cell[]> {
  const found = new Map<ClassId, Cell[]>(labels.classes.map((c) => [c.id, []]));
  const seen = new Set<string>();
  let wanted = labels.classes.reduce((sum, c) => sum + Math.min(n, labels.count(c.id)), 0);
  let steps = 0;
  for (const { changes } of labels.history.latest()) {
    for (const change of changes) {
      if (wanted === 0 || steps++ > REACH) return found;
      if (change.kind !== "cell" || seen.has(change.id)) continue;
      seen.add(change.id);
      const cell = labels.cell(change.id);
      const list = cell?.class ? found.get(cell.class) : undefined;
      if (!cell || !list || list.length === n) continue;
      list.push(cell);
      wanted--;
    }
  }
  return found;
}
