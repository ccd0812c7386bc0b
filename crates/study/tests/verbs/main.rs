//! The verbs as a library: each test is a small study in a temporary folder.

mod applying;
mod cropping;
mod interrupting;
mod logging;
mod made;
mod presets;
mod starting;
