import type { CellClass, ClassId } from "./contract";

/** Okabe and Ito's colours, which people with any colour vision tell apart on dark and light; doi:10.1038/nmeth.1618. */
export const PALETTE = [
  { name: "sky blue", color: "#56b4e9" },
  { name: "orange", color: "#e69f00" },
  { name: "bluish green", color: "#009e73" },
  { name: "yellow", color: "#f0e442" },
  { name: "vermilion", color: "#d55e00" },
  { name: "reddish purple", color: "#cc79a7" },
  { name: "blue", color: "#0072b2" },
  { name: "grey", color: "#bbbbbb" },
] as const;

/** Shapes of markers, so that colour is never the only difference. The number of a shape is its place here. */
export const SHAPES = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "plus",
  "cross",
  "star",
  "hexagon",
  "triangle_down",
] as const;

export type Shape = (typeof SHAPES)[number];

export function shapeNumber(shape: string): number {
  return Math.max(0, SHAPES.indexOf(shape as Shape));
}

/** The next class in the list, with the first colour, shape and hotkey that are free. */
export function newClass(id: ClassId, name: string, classes: CellClass[]): CellClass {
  const n = classes.length;
  const colors = new Set(classes.map((c) => c.color.toLowerCase()));
  const shapes = new Set(classes.map((c) => c.shape));
  const keys = new Set(classes.map((c) => c.hotkey));
  return {
    id,
    name,
    color: PALETTE.find((p) => !colors.has(p.color))?.color ?? PALETTE[n % PALETTE.length]!.color,
    shape: SHAPES.find((s) => !shapes.has(s)) ?? SHAPES[n % SHAPES.length]!,
    hotkey: [1, 2, 3, 4, 5, 6, 7, 8, 9].find((key) => !keys.has(key)) ?? null,
    target: null,
    position: Math.max(-1, ...classes.map((c) => c.position)) + 1,
  };
}

/** The class `by` places further in the list, round and round. */
export function turn(classes: CellClass[], current: ClassId | null, by: number): ClassId | null {
  if (classes.length === 0) return null;
  const at = classes.findIndex((c) => c.id === current);
  if (at < 0) return classes[0]!.id;
  return classes[(at + by + classes.length) % classes.length]!.id;
}

/** What is wrong with a class as it stands in the form; null: nothing. */
export function mistake(candidate: CellClass, classes: CellClass[]): string | null {
  const name = candidate.name.trim();
  if (name === "") return "A class needs a name.";
  if (/[/\\\u0000-\u001f]/.test(name) || name === "." || name === "..") {
    return "The name becomes a folder in exports: no slashes or control characters.";
  }
  if (name.length > 100) return "A name has at most 100 characters.";
  const others = classes.filter((c) => c.id !== candidate.id);
  if (others.some((c) => c.name.toLowerCase() === name.toLowerCase())) return `There is a class ${name} already.`;
  if (candidate.hotkey !== null && others.some((c) => c.hotkey === candidate.hotkey)) {
    return `Key ${candidate.hotkey} belongs to another class.`;
  }
  return null;
}
