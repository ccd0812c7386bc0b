//! One user verb per file: import, preview, train, evaluate, predict, simulate, demo.
