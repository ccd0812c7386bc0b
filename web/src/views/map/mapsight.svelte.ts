import type { Size } from "../../state/camera";
import type { Grid, Spot } from "../../state/map/grid";
import type { Plane } from "../../state/map/plane";
import { Sight } from "../sight.svelte";

/** What a drag with the first button does. */
export type Tool = "pan" | "lasso" | "box";

/** Which part of the map is looked at, and with what in hand. */
export class MapSight extends Sight {
  tool = $state<Tool>("pan");
  /** Pictures in place of points when few are in sight. */
  thumbs = $state(true);

  constructor(
    readonly plane: Plane,
    readonly grid: Grid,
  ) {
    super();
  }

  override get imageSize(): Size {
    return this.plane.size;
  }

  /** Cells in sight, at most `limit`. */
  inSight(limit?: number): number[] {
    const { height, width } = this.size;
    return this.grid.within(this.at(0, 0), this.at(height, width), limit);
  }

  /** The place of a cell on the plane. */
  spot(cell: number): Spot {
    return { x: this.plane.at[2 * cell]!, y: this.plane.at[2 * cell + 1]! };
  }
}
