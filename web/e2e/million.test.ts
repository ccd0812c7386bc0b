import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MadeMap } from "../src/api/map/made";
import { folder, launch, run, Server, Visitor } from "./harness";
import { pace, paceText, Report } from "./pace";

const CELLS = 1_000_000;

const report = new Report("million");

let browser: Browser;
let server: Server;

/** A NumPy file of float32, `[n, 2]`. */
function npy(path: string, values: Float32Array): void {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length / 2}, 2), }`;
  const length = Math.ceil((10 + head.length + 1) / 64) * 64 - 10;
  const bytes = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([length & 255, length >> 8]), Buffer.from(`${head.padEnd(length - 1)}\n`)]);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from(values.buffer)]));
}

/** The made-up map of so many cells, as `embed` would write it: what it says of itself is that of a small one. */
async function simulated(): Promise<string> {
  const work = folder("million");
  const made = new MadeMap(CELLS);
  const points = await made.positions();
  const lines = ["name,label,class,confidence,umap_1,umap_2"];
  for (let i = 0; i < CELLS; i++) {
    const { label, prediction, confidence } = await made.row(i);
    lines.push(`cell ${i},${label ?? ""},${prediction},${confidence},${points[2 * i]!.toFixed(4)},${points[2 * i + 1]!.toFixed(4)}`);
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

/** How long the page works on an event, until it has drawn what follows, in its own clock. */
async function handled(page: Page, name: string, event: string, act: () => Promise<void>): Promise<void> {
  await page.evaluate((event) => {
    const took = new Promise<[number, number]>((done) =>
      window.addEventListener(
        event,
        () => {
          const from = performance.now();
          // A message comes after all that the event has set off; a frame, after what that had drawn.
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            const script = performance.now() - from;
            requestAnimationFrame(() => requestAnimationFrame(() => done([script, performance.now() - from])));
          };
          port2.postMessage(null);
        },
        { capture: true, once: true },
      ),
    );
    Object.assign(window, { took });
  }, event);
  await act();
  const [script, shown] = await page.evaluate(() => (window as unknown as { took: Promise<[number, number]> }).took);
  report.add(`${name}: ${script.toFixed(0)} ms of script, shown after ${shown.toFixed(0)} ms`);
}

beforeAll(async () => {
  browser = await launch();
  server = Server.explore(await simulated(), join(folder("study"), "study"));
  await server.start();
});
afterAll(async () => {
  report.write();
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
    report.add(`opened and coloured: ${Date.now() - from} ms`);
    await visitor.saved();
    const canvas = page.locator("canvas[data-renderer]");
    report.add(`renderer: ${await canvas.getAttribute("data-renderer")}`);
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
    report.add(`pan: ${paceText(panned)}, points drawn while it moves: ${moving.join(", ")}`);
    expect(panned.frames).toBeGreaterThan(0);
    await expect.poll(async () => Number(await canvas.getAttribute("data-points")), { timeout: 20_000 }).toBe(CELLS);
    await visitor.picture("million-panned");

    await visitor.press("l");
    const lasso = async ([from, ...corners]: [number, number][]) => {
      await page.mouse.move(box.x + from![0] * box.width, box.y + from![1] * box.height);
      await page.mouse.down();
      for (const [dx, dy] of corners) await page.mouse.move(box.x + dx * box.width, box.y + dy * box.height, { steps: 4 });
      await handled(page, "lasso", "pointerup", () => page.mouse.up());
      await page.getByTestId("selected").getByText("selected").waitFor();
      report.add(`  ${await page.getByTestId("selected").textContent()}`);
    };
    await lasso([[0.1, 0.06], [0.95, 0.1], [0.95, 0.6], [0.1, 0.6]]);
    await lasso([[0.1, 0.06], [0.5, 0.1], [0.5, 0.6], [0.1, 0.6]]);
    await page.getByTestId("montage").getByRole("button").first().click();
    await visitor.press("1");
    await visitor.saved();
    await visitor.picture("million-lasso");
    await visitor.press("Escape");
    const filter = page.getByRole("list", { name: "label" }).getByRole("listitem").first().getByRole("button").first();
    await handled(page, "filter by class", "click", () => filter.click());
    await visitor.picture("million-filter");
    await page.getByRole("button", { name: "Show all" }).click();
    await visitor.open("Confusion");
    const counted = page.getByRole("button", { name: /^[1-9]\d* of .* predicted/ }).first();
    await handled(page, "a cell of the confusion matrix", "click", () => counted.click());
    await visitor.picture("million-confusion");
    expect(visitor.complaints).toEqual([]);
  });
});
