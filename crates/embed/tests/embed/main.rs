//! Maps, neighbours and clusters against what others compute of the same points.

mod features;
mod figures;
mod hostile;
mod maps;
mod neighbours;
