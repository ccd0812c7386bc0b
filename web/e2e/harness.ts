import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { fit, toStage } from "../src/state/camera";

export const ROOT = resolve(import.meta.dirname, "../..");
export const OUTPUT = join(import.meta.dirname, "output");
export const CLASSES = ["Interphase", "Prometaphase", "Metaphase", "Anaphase", "Apoptosis"];

/** The program under test: what MORPHOTYPE names, else the release build. */
const PROGRAM = process.env["MORPHOTYPE"] ?? join(ROOT, "target/release/morphotype");

export function program(): string {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM}: expected the program (cargo build --release)`);
  return PROGRAM;
}

/** Runs the program to its end and returns what it printed. */
export function run(...args: string[]): string {
  return execFileSync(program(), args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

export function shared(path: string): string {
  const found = join(ROOT, "../shared", path);
  if (!existsSync(found)) throw new Error(`${found}: expected the real data sets beside the project`);
  return found;
}

export function folder(name: string): string {
  return mkdtempSync(join(tmpdir(), `morphotype-${name}-`));
}

/** The program while it serves a page, with the address that it printed. */
export class Server {
  #process: ChildProcess | null = null;
  address = "";

  private constructor(readonly args: string[]) {}

  static annotate(images: string[], study: string): Server {
    return new Server(["annotate", ...images, "--study", study]);
  }

  static explore(map: string, study: string): Server {
    return new Server(["explore", map, "--study", study]);
  }

  async start(): Promise<string> {
    const started = spawn(program(), [...this.args, "--no-open"], { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = started;
    this.address = await new Promise<string>((found, failed) => {
      let text = "";
      const read = (chunk: Buffer) => {
        text += chunk.toString();
        const address = /http:\/\/\S+token=\S+/.exec(text)?.[0];
        if (address) found(address);
      };
      started.stdout.on("data", read);
      started.stderr.on("data", read);
      started.on("exit", (code) => failed(new Error(`${this.args[0]} ended with ${code}: ${text}`)));
    });
    return this.address;
  }

  /** As a power cut would: nothing is flushed, nobody is asked. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((done) => running.once("exit", done));
    running.kill("SIGKILL");
    await gone;
    this.#process = null;
  }
}

export async function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--use-angle=swiftshader"] });
}

interface Shape {
  y: number;
  x: number;
}

/** Somebody before the page, with mouse and keys only. */
export class Visitor {
  readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (line) => {
      // A refused connection is what the offline tests are about.
      if (line.type() === "error" && !line.text().includes("ERR_")) this.complaints.push(line.text());
    });
  }

  static async page(browser: Browser): Promise<Page> {
    return (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  async saved(): Promise<void> {
    await this.page.getByTestId("saved").getByText("Saved", { exact: true }).waitFor({ timeout: 30_000 });
  }

  async picture(name: string): Promise<void> {
    mkdirSync(OUTPUT, { recursive: true });
    await this.page.screenshot({ path: join(OUTPUT, `${name}.png`) });
  }

  /** Opens a tab by its name. */
  async open(view: string): Promise<void> {
    const link = `nav a[href="#/${view.toLowerCase()}"]`;
    await this.page.locator(link).click();
    // The address changes first, the view after it.
    await this.page.locator(`${link}[aria-current="page"]`).waitFor();
  }

  /** What axe finds serious on the page as it is. */
  async grave(): Promise<string[]> {
    // Evaluated by the debugger, which the page's security policy does not bind.
    await this.page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
    const found = await this.page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
    const { violations } = found as { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }
}

/** Somebody who labels. */
export class Person extends Visitor {
  private constructor(
    page: Page,
    readonly shape: Shape,
  ) {
    super(page);
  }

  static async at(browser: Browser, address: string, shape: Shape): Promise<Person> {
    const person = new Person(await Visitor.page(browser), shape);
    await person.page.goto(address);
    await person.ready();
    return person;
  }

  async ready(): Promise<void> {
    await this.page.getByTestId("stage").waitFor();
    await this.page.getByTestId("saved").getByText("Saved").waitFor();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  async addClasses(names = CLASSES): Promise<void> {
    for (const name of names) {
      await this.page.getByLabel("Name of a new class").fill(name);
      await this.page.keyboard.press("Enter");
    }
    await this.stage().focus();
  }

  stage() {
    return this.page.getByTestId("stage");
  }

  async frame(): Promise<number> {
    const text = await this.page.getByTestId("frame").textContent();
    return Number.parseInt(text ?? "", 10) - 1;
  }

  /** Goes to a frame with the arrow keys, and waits until it is seen. */
  async go(t: number): Promise<void> {
    await this.stage().focus();
    for (let at = await this.frame(); at !== t; at += Math.sign(t - at)) await this.press(at < t ? "ArrowRight" : "ArrowLeft");
    await this.page.getByText(/^loading frame/).waitFor({ state: "detached" });
  }

  /** Where a place of the image lies on the page when the whole image is shown (key 0). */
  async on(y: number, x: number): Promise<{ x: number; y: number }> {
    const box = await this.stage().boundingBox();
    if (!box) throw new Error("the stage is not shown");
    const image = { height: this.shape.y, width: this.shape.x };
    const at = toStage(fit(image, box), box, y, x);
    return { x: box.x + at.x, y: box.y + at.y };
  }

  async click(y: number, x: number, options: { modifiers?: string[] } = {}): Promise<void> {
    const at = await this.on(y, x);
    for (const key of options.modifiers ?? []) await this.page.keyboard.down(key);
    await this.page.mouse.click(at.x, at.y);
    for (const key of options.modifiers ?? []) await this.page.keyboard.up(key);
  }

  async drag(from: Shape, to: Shape, modifier?: string): Promise<void> {
    const [a, b] = [await this.on(from.y, from.x), await this.on(to.y, to.x)];
    if (modifier) await this.page.keyboard.down(modifier);
    await this.page.mouse.move(a.x, a.y);
    await this.page.mouse.down();
    await this.page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2);
    await this.page.mouse.move(b.x, b.y);
    await this.page.mouse.up();
    if (modifier) await this.page.keyboard.up(modifier);
  }

  /** Cells of each class, as the page counts them. */
  async counts(): Promise<number[]> {
    const texts = await this.page.getByTestId("count").allTextContents();
    return texts.map((text) => Number.parseInt(text, 10));
  }

  async total(): Promise<number> {
    return (await this.counts()).reduce((a, b) => a + b, 0);
  }

  async download(format: string): Promise<string> {
    await this.open("Files");
    await this.page.getByRole("radio", { name: format }).check();
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.page.getByTestId("download").click()]);
    const path = join(folder("download"), download.suggestedFilename());
    await download.saveAs(path);
    return path;
  }
}

export interface Truth {
  t: number;
  y: number;
  x: number;
  label: string;
}

/** Rows of a CSV without quotes, as `simulate` writes them. */
export function rows(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const names = (head ?? "").split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? ""]));
  });
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
