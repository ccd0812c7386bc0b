/** Something that a person did, on its way to the server; `at` is when it was made, in milliseconds. */
export interface Posted {
  gesture: string;
  at: number;
}

/** Something that the server will never take as it is, and why. */
export interface Declined<G extends Posted> {
  gesture: G;
  reason: string;
}

/** What came of sending a gesture. */
export interface Sent<G extends Posted> {
  /** Gestures that follow from merging what the server refused. */
  follow: G[];
  /** Others did something that is not here yet. */
  behind: boolean;
  /** What the server did not take and nobody can want back, in words. */
  complaints: string[];
  /** What the server did not take, for a person to decide on. */
  declined: Declined<G>[];
  /** What a person has to decide on, as gestures that ask again when they are sent: kept until then. */
  undecided: G[];
}

/** What goes to the server gesture by gesture, and what comes home from it. */
export interface Outbox<G extends Posted> {
  /** Not acknowledged, in their order. */
  readonly pending: readonly G[];
  /** Loads what is there. */
  load(): Promise<void>;
  /** Puts what another page left unsent on top: all of it is sent once more, as the server knows a gesture again that it has. */
  adopt(orphans: G[]): Promise<void>;
  /** Brings home what others did. */
  catchUp(): Promise<void>;
  /** Resolves when the server has written the gesture down, which then is no longer pending. */
  send(gesture: G): Promise<Sent<G>>;
  /** Takes back what the server will never take. */
  reject(gesture: G): void;
}
