import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

export const ROOT = resolve(import.meta.dirname, "../..");
export const OUTPUT = join(import.meta.dirname, "output");

/** A small screen, in pixels of the page. */
export const PHONE = { width: 390, height: 844 };

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

  /** A page on a screen with `deviceScaleFactor` pixels to each of the page's. */
  static async page(browser: Browser, deviceScaleFactor = 1): Promise<Page> {
    return (await browser.newContext({ viewport: { width: 1440, height: 900 }, deviceScaleFactor })).newPage();
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

  /** Saves what a button offers, and returns where. */
  async saveFrom(button: Locator): Promise<string> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), button.click()]);
    const path = join(folder("download"), download.suggestedFilename());
    await download.saveAs(path);
    return path;
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

/** Rows of a CSV without quotes, as `simulate` writes them. */
export function rows(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const names = (head ?? "").split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? ""]));
  });
}
