//! `morphotype completions`.

use clap::CommandFactory;
use study::StudyError;

use crate::out;

/// What a shell needs to complete words of this program
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

const EXAMPLES: &str = "\
Examples:
  morphotype completions bash > ~/.local/share/bash-completion/completions/morphotype
  morphotype completions zsh > ~/.zfunc/_morphotype
  morphotype completions fish > ~/.config/fish/completions/morphotype.fish";

impl Completions {
    /// Prints it.
    pub fn run(self) -> Result<(), StudyError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::Arguments::command(), "morphotype", &mut script);
        out::print([String::from_utf8_lossy(&script).trim_end()])
    }
}
