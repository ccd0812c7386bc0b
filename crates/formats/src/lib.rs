//! The only place that knows file formats; every file is hostile.
