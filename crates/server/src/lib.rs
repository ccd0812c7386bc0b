//! The browser's side of `annotate`.
