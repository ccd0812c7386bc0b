import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { OUTPUT } from "./harness";

/** Figures are reported, never asserted: they depend on the machine. What is asserted is that the work was done. */
export class Report {
  readonly #lines: string[] = [];

  constructor(readonly name: string) {}

  add(line: string): void {
    this.#lines.push(line);
  }

  write(): void {
    const text = this.#lines.join("\n");
    console.log(text);
    mkdirSync(OUTPUT, { recursive: true });
    writeFileSync(join(OUTPUT, `${this.name}.txt`), `${text}\n`);
  }
}

/** Animation frames a second while something goes on, and milliseconds of script in each. */
export interface Pace {
  frames: number;
  perSecond: number;
  script: number;
}

async function scriptSeconds(debug: CDPSession): Promise<number> {
  const { metrics } = await debug.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "ScriptDuration")?.value ?? 0;
}

export async function pace(page: Page, work: () => Promise<void>): Promise<Pace> {
  const debug = await page.context().newCDPSession(page);
  await debug.send("Performance.enable");
  await page.evaluate(() => {
    const count = { n: 0, from: performance.now(), going: true };
    Object.assign(window, { count });
    const tick = () => {
      count.n++;
      if (count.going) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const before = await scriptSeconds(debug);
  await work();
  const script = (await scriptSeconds(debug)) - before;
  const { n, seconds } = await page.evaluate(() => {
    const { count } = window as unknown as { count: { n: number; from: number; going: boolean } };
    count.going = false;
    return { n: count.n, seconds: (performance.now() - count.from) / 1000 };
  });
  await debug.detach();
  return { frames: n, perSecond: n / seconds, script: (script * 1000) / n };
}

export function paceText({ perSecond, script }: Pace): string {
  return `${perSecond.toFixed(0)} frames/s, ${script.toFixed(2)} ms of script per frame`;
}
