//! The shell: parses words, calls `study`, prints.
fn main() {}
