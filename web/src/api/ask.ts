import { Refused } from "./source";

type Query = Record<string, string | number | boolean>;

export function address(path: string, query: Query = {}): string {
  const text = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString();
  return text === "" ? `/api/${path}` : `/api/${path}?${text}`;
}

async function refusal(response: Response): Promise<Refused> {
  const text = await response.text().catch(() => "");
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new Refused(response.status, error.code, error.message);
  } catch {
    return new Refused(response.status, "unknown", text || response.statusText);
  }
}

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { credentials: "same-origin", ...init });
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function get<T>(path: string, query?: Query): Promise<T> {
  return (await (await ask(address(path, query))).json()) as T;
}

export async function send(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return ask(address(path), body === undefined ? { method } : { method, headers, body: JSON.stringify(body) });
}
