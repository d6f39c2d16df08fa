//! `lancang completions`, `lancang man`

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `lancang completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang completions bash > /usr/share/bash-completion/completions/lancang
  lancang completions zsh  > \"${fpath[1]}/_lancang\"
  lancang completions fish > ~/.config/fish/completions/lancang.fish")]
pub struct Completions {
    /// Shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `lancang man`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang man | man -l -                          this program's page
  lancang man --out /usr/local/share/man/man1     a page for each command")]
pub struct Man {
    /// Folder that gets a page for each command; otherwise the program's own page goes to standard output.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
