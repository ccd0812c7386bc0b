import type { MapCommand } from "../../state/map/keys";
import type { Explorer } from "./explorer.svelte";
import type { MapSight } from "./mapsight.svelte";

/** Screen pixels that the map, and the keyboard's cursor, go with one press. */
const PAN = 80;
const STRIDE = 8;
/** How near the cursor must be to a cell, in screen pixels. */
const NEAR = 16;

/** Commands that make sense only where the map is seen. */
const ON_MAP = /^(pan|zoom|cursor|tool|look|thumbs|select_cursor|select_sight)/;

function underCursor({ table }: Explorer, sight: MapSight): number | null {
  return sight.cursor && sight.grid.nearest(sight.cursor, NEAR / sight.camera.scale, (cell) => table?.mask[cell] === 1);
}

function moveCursor(explorer: Explorer, sight: MapSight, dy: number, dx: number): void {
  sight.moveCursor(dy, dx);
  explorer.hover = underCursor(explorer, sight);
}

function selectCursor(explorer: Explorer, sight: MapSight): void {
  const cell = underCursor(explorer, sight);
  if (cell !== null) explorer.select([cell], explorer.chosen.includes(cell) ? "remove" : "add");
}

/** What each command of the key table does; false when it does nothing on this tab. */
export function run(explorer: Explorer, command: MapCommand, key: string, path: string): boolean {
  const { sight, table } = explorer;
  if (!sight || !table || (path !== "map" && ON_MAP.test(command))) return false;
  switch (command) {
    case "pan_up": sight.pan(PAN, 0); break;
    case "pan_down": sight.pan(-PAN, 0); break;
    case "pan_left": sight.pan(0, PAN); break;
    case "pan_right": sight.pan(0, -PAN); break;
    case "zoom_in": sight.zoom(1.5); break;
    case "zoom_out": sight.zoom(1 / 1.5); break;
    case "zoom_fit": sight.fit(); break;
    case "thumbs": sight.thumbs = !sight.thumbs; break;
    case "cursor_up": moveCursor(explorer, sight, -STRIDE, 0); break;
    case "cursor_down": moveCursor(explorer, sight, STRIDE, 0); break;
    case "cursor_left": moveCursor(explorer, sight, 0, -STRIDE); break;
    case "cursor_right": moveCursor(explorer, sight, 0, STRIDE); break;
    case "look": explorer.look(underCursor(explorer, sight)); break;
    case "tool_pan": sight.tool = "pan"; break;
    case "tool_lasso": sight.tool = "lasso"; break;
    case "tool_box": sight.tool = "box"; break;
    case "select_cursor": selectCursor(explorer, sight); break;
    case "select_sight": explorer.select(sight.inSight().filter((cell) => table.mask[cell])); break;
    case "select_invert": explorer.invert(); break;
    case "select_none": explorer.selectNone(); break;
    case "mark_all": explorer.marked = new Set(explorer.seen); break;
    case "outliers": explorer.showOutliers(); break;
    case "class_give": {
      const picked = explorer.classes[Number(key) - 1];
      if (picked) explorer.give(picked.name);
      break;
    }
    case "class_none": explorer.give(null); break;
    case "undo": explorer.undo(); break;
    case "redo": explorer.redo(); break;
    case "help": explorer.help = !explorer.help; break;
  }
  return true;
}
