//! What can go wrong in a verb, and whose fault it is.

use formats::FormatError;

/// Why a verb stopped. Every message names what was expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A file could not be read or written as what it claims to be.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The request makes no sense for this input.
    #[error("{0}")]
    Refused(String),
    /// Mistakes in the settings, all of them.
    #[error("{} in the settings:\n  {}", plural(.0.len(), "mistake"), .0.join("\n  "))]
    Settings(Vec<String>),
    /// The work is done but for these inputs.
    #[error("{} failed, everything else is done:\n  {}", plural(.0.len(), "input"), .0.join("\n  "))]
    SomeFailed(Vec<String>),
    /// The user asked to stop; what was done so far is kept as the message says.
    #[error("stopped: {0}")]
    Interrupted(String),
}

impl StudyError {
    /// The process exit code that tells a workflow engine what happened: 2 refused, 3 done but some inputs
    /// failed, 130 interrupted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            StudyError::SomeFailed(_) => 3,
            StudyError::Interrupted(_) => 130,
            _ => 2,
        }
    }
}

/// `1 mistake`, `2 mistakes`.
#[must_use]
pub fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
