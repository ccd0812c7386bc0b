import type { Cell, ClassId } from "./contract";
import type { Labels } from "./labels";

/** How many cells back to look for recent ones. */
const REACH = 3000;

/** The cells of each class that were touched last, the latest first, at most `n` of each. */
export function recent(labels: Labels, n: number): Map<ClassId, Cell[]> {
  const found = new Map<ClassId, Cell[]>(labels.classes.map((c) => [c.id, []]));
  const seen = new Set<string>();
  let wanted = labels.classes.reduce((sum, c) => sum + Math.min(n, labels.count(c.id)), 0);
  let steps = 0;
  for (const id of labels.latest()) {
    if (wanted === 0 || steps++ > REACH) return found;
    if (seen.has(id)) continue;
    seen.add(id);
    const cell = labels.cell(id);
    const list = cell?.class ? found.get(cell.class) : undefined;
    if (!cell || !list || list.length === n) continue;
    list.push(cell);
    wanted--;
  }
  return found;
}
