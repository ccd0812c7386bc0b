//! The program from outside: words in, files and exit codes out.

mod annotate;
mod contract;
mod crop;
mod embed;
mod evaluate;
mod exchange;
mod explain;
mod explore;
mod hostile;
mod info;
mod interrupt;
mod pipes;
mod precision;
mod real_data;
mod resume;
mod same_bytes;
mod score;
mod score_images;
mod server;
mod settings;
mod simulated;
mod splits;
mod support;
