import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder, launch, OUTPUT, pace, run, Server, Visitor } from "./harness";

const CELLS = 1_000_000;

/** Figures are reported, never asserted: they depend on the machine. What is asserted is that the work was done. */
const report: string[] = [];

let browser: Browser;
let server: Server;

/** A NumPy file of float32, `[n, 2]`. */
function npy(path: string, values: Float32Array): void {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length / 2}, 2), }`;
  const length = Math.ceil((10 + head.length + 1) / 64) * 64 - 10;
  const bytes = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([length & 255, length >> 8]), Buffer.from(`${head.padEnd(length - 1)}\n`)]);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from(values.buffer)]));
}

/** A map of so many cells in a few arms, as `embed` would write it: what it says of itself is that of a small one. */
function simulated(): string {
  const work = folder("million");
  const noise = (a: number, b: number) => {
    const s = Math.sin(a * 12.9898 + b * 78.233) * 43758.5453;
    return s - Math.floor(s);
  };
  const bell = (i: number, k: number) => Math.sqrt(-2 * Math.log(noise(i, k) + 1e-9)) * Math.cos(6.2831853 * noise(i, k + 1));
  const points = new Float32Array(2 * CELLS);
  const lines = ["name,label,class,confidence,umap_1,umap_2"];
  for (let i = 0; i < CELLS; i++) {
    const c = Math.floor(noise(i, 1) * 5);
    const turn = 1.25 * c + 0.5 * bell(i, 2);
    const reach = 7 + 2 * Math.sin(3 * turn) + 0.7 * bell(i, 4);
    points.set([reach * Math.cos(turn) + 0.4 * bell(i, 6), reach * Math.sin(turn) + 0.4 * bell(i, 8)], 2 * i);
    const guess = noise(i, 10) < 0.9 ? c : (c + 1) % 5;
    lines.push(`cell ${i},class ${c},class ${guess},${(0.3 + 0.7 * noise(i, 11)).toFixed(3)},${points[2 * i]!.toFixed(4)},${points[2 * i + 1]!.toFixed(4)}`);
  }
  const [small, map] = [join(work, "small"), join(work, "map")];
  npy(join(work, "small.npy"), points.slice(0, 400));
  run("embed", "--features", join(work, "small.npy"), "-o", small);
  cpSync(small, map, { recursive: true });
  const about = JSON.parse(readFileSync(join(map, "embedding.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(map, "embedding.json"), JSON.stringify({ ...about, n: CELLS }));
  writeFileSync(join(map, "cells.csv"), `${lines.join("\n")}\n`);
  npy(join(map, "features.npy"), points);
  return map;
}

beforeAll(async () => {
  browser = await launch();
  server = Server.explore(simulated(), join(folder("study"), "study"));
  await server.start();
});
afterAll(async () => {
  console.log(report.join("\n"));
  writeFileSync(join(OUTPUT, "million.txt"), `${report.join("\n")}\n`);
  await browser.close();
  await server.kill();
});

describe("a million cells", () => {
  it("move, are selected and relabelled", async () => {
    const visitor = new Visitor(await Visitor.page(browser));
    const { page } = visitor;
    const from = Date.now();
    await page.goto(server.address);
    const map = page.getByTestId("map");
    await map.waitFor();
    await page.getByRole("list", { name: "label" }).waitFor();
    report.push(`opened and coloured: ${Date.now() - from} ms`);
    await visitor.saved();
    const canvas = page.locator("canvas[data-renderer]");
    report.push(`renderer: ${await canvas.getAttribute("data-renderer")}`);
    await visitor.picture("million");

    const box = (await map.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const moving: number[] = [];
    const pan = async () => {
      await page.mouse.move(x, y);
      await page.mouse.down();
      for (let i = 0; i < 60; i++) {
        await page.mouse.move(x + 150 * Math.sin(i / 9), y + 100 * Math.cos(i / 8));
        if (i % 10 === 9) moving.push(Number(await canvas.getAttribute("data-points")));
      }
      await page.mouse.up();
    };
    await pan();
    moving.length = 0;
    const panned = await pace(page, pan);
    report.push(`pan: ${panned.perSecond.toFixed(0)} frames/s, ${panned.script.toFixed(2)} ms of script per frame, points drawn while it moves: ${moving.join(", ")}`);
    expect(panned.frames).toBeGreaterThan(0);
    await expect.poll(async () => Number(await canvas.getAttribute("data-points")), { timeout: 20_000 }).toBe(CELLS);
    await visitor.picture("million-panned");

    await visitor.press("l");
    const began = Date.now();
    await page.mouse.move(box.x + 80, box.y + 40);
    await page.mouse.down();
    for (const [dx, dy] of [[420, 60], [430, 420], [90, 430]] as const) await page.mouse.move(box.x + dx, box.y + dy, { steps: 4 });
    await page.mouse.up();
    await page.getByTestId("selected").getByText("selected").waitFor();
    report.push(`lasso drawn and shown: ${Date.now() - began} ms (${await page.getByTestId("selected").textContent()})`);
    await page.getByTestId("montage").getByRole("button").first().click();
    await visitor.press("1");
    await visitor.saved();
    await visitor.picture("million-lasso");
    expect(visitor.complaints).toEqual([]);
  });
});
