//! The program from outside: words in, files and exit codes out.

mod contract;
mod hostile;
mod interrupt;
mod info;
mod pipes;
mod real_data;
mod resume;
mod same_bytes;
mod settings;
mod simulated;
mod splits;
mod support;
