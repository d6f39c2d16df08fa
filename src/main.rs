//! `lancang`: finds telecom scam patterns in call and SMS records while they happen.

use clap::Parser as _;
use lancang::cli::{Cli, Command};
use lancang::{commands, exit, logging};

/// Whatever was typed: a file's name need not be Unicode.
fn arguments() -> impl Iterator<Item = String> {
    std::env::args_os().map(|argument| argument.to_string_lossy().into_owned())
}

fn main() {
    lancang_window::allocator::keep_freed_memory();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            let said = error.to_string();
            match exit::without_identifiers(&said, arguments()) {
                told if wrong && told != said => eprint!("{told}"),
                // Nothing is left to do where even the terminal cannot be written.
                _ => drop(error.print()),
            }
            std::process::exit(if wrong { exit::Exit::Usage as i32 } else { 0 });
        }
    };
    // A demo shows what happens in lines of its own.
    let level = if matches!(cli.command, Command::Demo(_)) { "error" } else { "info" };
    logging::start(cli.log_json, level);
    if let Err(error) = commands::run(cli) {
        if exit::is_closed_output(&error) {
            std::process::exit(0);
        }
        eprintln!("lancang: {}", exit::without_identifiers(&format!("{error:#}"), arguments()));
        std::process::exit(exit::status(&error));
    }
}
