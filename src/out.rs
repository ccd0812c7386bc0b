//! What the program says: results to standard output, anything else to standard error.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
};

use study::StudyError;

/// Prints results. A reader who has gone, as in `morphotype … | head -1`, has seen what he wanted.
pub fn print(lines: impl IntoIterator<Item = impl Display>) -> Result<(), StudyError> {
    let mut out = std::io::stdout().lock();
    let written = lines.into_iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(StudyError::Refused(format!(
            "standard output: expected something that can be written to, found {error}"
        ))),
        _ => Ok(()),
    }
}

/// Tells the user something; nobody may be listening.
pub fn tell(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
