import type { Command } from "../state/keys";
import type { Workbench } from "./workbench.svelte";

/** Screen pixels that the keyboard's cursor goes with one press. */
const STRIDE = 8;

function pickClass(bench: Workbench, key: string): void {
  const picked = bench.classes.find((c) => c.hotkey === Number(key));
  if (!picked) return;
  if (bench.selected.size === 0 && bench.guesses.accept(picked.id)) return;
  bench.pick(picked.id);
}

/** What each command of the key table does. */
export function run(bench: Workbench, command: Command, key: string): void {
  const { viewer, guesses } = bench;
  switch (command) {
    case "frame_next": return viewer.go(viewer.t + 1);
    case "frame_previous": return viewer.go(viewer.t - 1);
    case "frame_first": return viewer.go(0);
    case "frame_last": return viewer.go(Number.POSITIVE_INFINITY);
    case "plane_up": return viewer.go(viewer.t, viewer.z + 1);
    case "plane_down": return viewer.go(viewer.t, viewer.z - 1);
    case "play": return viewer.play(!viewer.playing);
    case "class_next": return bench.turnClass(1);
    case "class_previous": return bench.turnClass(-1);
    case "class_pick": return pickClass(bench, key);
    case "cell_add": {
      const { cursor } = viewer;
      if (cursor && viewer.inside(cursor.y, cursor.x)) bench.add(cursor.y, cursor.x);
      return;
    }
    case "cell_delete": return bench.delete(bench.selection);
    case "cell_next": return bench.step(1);
    case "cell_previous": return bench.step(-1);
    case "cell_follow": return bench.follow();
    case "cell_last": return bench.lookBack();
    case "cell_up": return bench.move(bench.selection, -1, 0);
    case "cell_down": return bench.move(bench.selection, 1, 0);
    case "cell_left": return bench.move(bench.selection, 0, -1);
    case "cell_right": return bench.move(bench.selection, 0, 1);
    case "select_all":
      bench.selected = new Set(bench.cellsHere().map((cell) => cell.id));
      return;
    case "select_none":
      bench.selected = new Set();
      guesses.active = false;
      return;
    case "undo": return bench.undo();
    case "redo": return bench.redo();
    case "cursor_up": return viewer.moveCursor(-STRIDE, 0);
    case "cursor_down": return viewer.moveCursor(STRIDE, 0);
    case "cursor_left": return viewer.moveCursor(0, -STRIDE);
    case "cursor_right": return viewer.moveCursor(0, STRIDE);
    case "zoom_in": return viewer.zoom(1.5);
    case "zoom_out": return viewer.zoom(1 / 1.5);
    case "zoom_fit": return viewer.fit();
    case "zoom_pixel": return viewer.zoom(1 / viewer.camera.scale);
    case "markers":
      bench.markers.shown = !bench.markers.shown;
      return;
    case "suggestion_next": return guesses.next();
    case "suggestion_accept":
      guesses.accept();
      return;
    case "suggestion_skip":
      if (guesses.active) guesses.skip();
      return;
    case "help":
      bench.help = !bench.help;
  }
}
