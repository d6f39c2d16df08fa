//! A command that goes on until it is told to end.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::carrier::LONG;

/// How long a process may take to end.
const END_MAX: Duration = Duration::from_secs(20);

/// A process that goes on until the last command has run.
pub struct Running {
    pub command: &'static str,
    pub child: Child,
    pub out: PathBuf,
    pub log: PathBuf,
    /// It shows what comes, and serves nothing.
    pub follows: bool,
}

impl Running {
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < LONG, "{}: {what}; {ended:?}\n{}", self.command, self.said());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The address that its log names behind these words.
    pub fn address(&self, words: &str) -> Option<String> {
        let said = self.said();
        let (_, rest) = said.split_once(words)?;
        rest.split_once(char::is_whitespace).map(|(address, _)| address.to_owned())
    }

    pub fn is_ready(&self) -> bool {
        let Some(address) = self.address("metrics and health at http://") else { return false };
        let Ok(mut stream) = std::net::TcpStream::connect(&address) else { return false };
        let _ = write!(stream, "GET /readyz HTTP/1.1\r\nHost: lancang\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// Told to end, it ends: well, where it serves.
    pub fn end(mut self) {
        if self.follows {
            self.wait("it shows nothing", |running| std::fs::metadata(&running.out).unwrap().len() > 0);
        }
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What only shows leaves it to the system.
                assert!(
                    status.success() || self.follows && status.code().is_none(),
                    "{}: {status}\n{}",
                    self.command,
                    self.said()
                );
                return;
            }
            assert!(begun.elapsed() < END_MAX, "{} does not end\n{}", self.command, self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already in the ordinary case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
