import { rgb } from "../channels";
import { type Column, EMPTY } from "./contract";

/** The colour of cells that have no value. */
export const NO_VALUE = "#6b7480";

/** Steps of a number column on its way to a colour. */
const STEPS = 256;

/** Every 32nd colour of viridis (Smith and van der Walt, matplotlib, CC0), with straight lines between. */
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

/** A share of one as a colour of viridis, which is even to the eye with any colour vision. */
export function viridis(share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const i = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const [a, b] = [rgb(VIRIDIS[i]!), rgb(VIRIDIS[i + 1]!)];
  return hex(a.map((v, k) => v + (b[k]! - v) * (at - i)));
}

/** The gradient of a legend, for CSS. */
export const VIRIDIS_GRADIENT = `linear-gradient(to right, ${VIRIDIS.join(", ")})`;

/** Colours that come again, paler and darker in turn, so that neighbours in a list differ. */
export function varied(colors: string[]): string[] {
  const times = new Map<string, number>();
  return colors.map((color) => {
    const n = times.get(color) ?? 0;
    times.set(color, n + 1);
    if (n === 0) return color;
    const [toward, share] = [n % 2 === 1 ? 1 : 0, 0.45 - 0.1 * ((n >> 1) % 3)];
    return hex(rgb(color).map((v) => v + (toward - v) * share));
  });
}

function hex(shares: number[]): string {
  return `#${shares.map((v) => Math.round(v * 255).toString(16).padStart(2, "0")).join("")}`;
}

/** A column as codes, and the colour of each code. */
export interface Coloured {
  codes: Uint16Array;
  /** Colours of codes from 0; all others have no value. */
  colors: string[];
}

export function coloured(column: Column | null, n: number): Coloured {
  if (column?.kind === "class") return column;
  const codes = new Uint16Array(n).fill(EMPTY);
  if (column?.kind !== "number") return { codes, colors: [] };
  const { values, min, max } = column;
  const scale = (STEPS - 1) / (max - min || 1);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) codes[i] = Math.min(STEPS - 1, Math.max(0, Math.round((value - min) * scale)));
  }
  return { codes, colors: Array.from({ length: STEPS }, (_, i) => viridis(i / (STEPS - 1))) };
}
