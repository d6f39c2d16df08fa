//! `lancang`: finds telecom scam patterns in call and SMS records while they happen.

use clap::Parser as _;
use lancang::{cli::Cli, commands, exit, logging};

fn main() {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // Nothing is left to do where even the terminal cannot be written.
            let _ = error.print();
            std::process::exit(if wrong { exit::Exit::Usage as i32 } else { 0 });
        }
    };
    logging::start(cli.log_json);
    if let Err(error) = commands::run(cli) {
        eprintln!("lancang: {error:#}");
        std::process::exit(exit::status(&error));
    }
}
